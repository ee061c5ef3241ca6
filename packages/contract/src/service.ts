import { murmur3 } from './murmur3.js';
import type { MessageType } from './schema.js';

/** A method's number on the wire; `bigint` above `Number.MAX_SAFE_INTEGER`. */
export type Action = number | bigint;

/**
 * One method. `In` and `Out` are what is received, `InInit` and `OutInit` what may be sent.
 * Without message types the method carries plain values, over JSON and MessagePack only.
 */
export interface Method<In = unknown, InInit = In, Out = unknown, OutInit = Out> {
  /** Name in the `.proto`: `Join`. */
  readonly name: string;
  readonly action: Action;
  readonly input?: MessageType<In, InInit>;
  readonly output?: MessageType<Out, OutInit>;
}

// biome-ignore lint/suspicious/noExplicitAny: methods of any types; `unknown` would refuse them all
export type AnyMethod = Method<any, any, any, any>;

/** The methods of a service by the names they have in TypeScript: `join`. */
export type MethodTable<M> = { readonly [K in keyof M]: AnyMethod };

interface ServiceBase<M> {
  /** Full name: `stmp.examples.quick_start.RoomService`. */
  readonly typeName: string;
  readonly methods: M;
}

/** A service: implemented by one side and called by the other. */
export interface ServiceType<M extends MethodTable<M> = Record<string, AnyMethod>> extends ServiceBase<M> {
  readonly kind: 'service' | 'both';
}

/** Events: sent by one side and listened to by the other, without answers. */
export interface EventsType<M extends MethodTable<M> = Record<string, AnyMethod>> extends ServiceBase<M> {
  readonly kind: 'events' | 'both';
}

/** A service whose name and options leave its kind open: it can be used either way. */
export interface DualType<M extends MethodTable<M> = Record<string, AnyMethod>> extends ServiceBase<M> {
  readonly kind: 'both';
}

/** What is received as a method's input, may be sent as its input, is received as its result, may be sent as its result. */
export type InputOf<X> = X extends Method<infer A, infer _B, infer _C, infer _D> ? A : never;
export type InputInitOf<X> = X extends Method<infer _A, infer B, infer _C, infer _D> ? B : never;
export type OutputOf<X> = X extends Method<infer _A, infer _B, infer C, infer _D> ? C : never;
export type OutputInitOf<X> = X extends Method<infer _A, infer _B, infer _C, infer D> ? D : never;

const upperFirst = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

/**
 * The name that identifies a method on the wire: `package.Service.Method`, first letters of service and method in
 * upper case. A service without a package keeps the dot in front: `.Service.Method`.
 */
export function methodName(serviceTypeName: string, method: string): string {
  const dot = serviceTypeName.lastIndexOf('.') + 1;
  const scope = dot === 0 ? '.' : serviceTypeName.slice(0, dot);
  return `${scope}${upperFirst(serviceTypeName.slice(dot))}.${upperFirst(method)}`;
}

/** The action of a method without explicit ids: murmur3 x86_32, seed 0, over its {@link methodName}. Source: STMP 1.0, section 9. */
export function actionOf(serviceTypeName: string, method: string): number {
  return murmur3(new TextEncoder().encode(methodName(serviceTypeName, method)));
}

/** A method for {@link defineService}: `method<{ name: string }, Room>()`. */
export function method(options?: { readonly action?: Action; readonly name?: string }): Method<void, void, void, void>;
export function method<In, Out = void>(options?: {
  readonly action?: Action;
  readonly name?: string;
}): Method<In, In, Out, Out>;
export function method<In, Out>(options?: {
  readonly action?: Action;
  readonly name?: string;
}): Method<In, In, Out, Out> {
  // defineService fills name and action from the key where they were not given.
  return { name: options?.name ?? '', action: options?.action ?? 0 };
}

/**
 * A service by hand, without a `.proto`, for JSON and MessagePack. The kind follows the name: `…Service` is called,
 * `…Events` is listened to.
 *
 * ```ts
 * const Chat = defineService('chat.ChatService', { say: method<{ text: string }, { seq: number }>() });
 * ```
 * @throws RangeError for an action of 0 to 255 (reserved) or one that two methods share.
 */
export function defineService<N extends string, M extends MethodTable<M>>(typeName: N, methods: M): KindOf<N, M> {
  const seen = new Map<Action, string>();
  const table: Record<string, AnyMethod> = {};
  for (const [key, given] of Object.entries<AnyMethod>(methods)) {
    const name = given.name === '' ? upperFirst(key) : given.name;
    const action = given.action === 0 ? actionOf(typeName, name) : given.action;
    const other = seen.get(action);
    if (other !== undefined) throw new RangeError(`${typeName}: ${other} and ${name} share action ${action}`);
    if (action <= 0xff) throw new RangeError(`${typeName}.${name}: actions 0 to 255 are reserved, got ${action}`);
    seen.set(action, name);
    table[key] = { ...given, name, action };
  }
  const kind = typeName.endsWith('Service') ? 'service' : typeName.endsWith('Events') ? 'events' : 'both';
  return { typeName, kind, methods: table } as unknown as KindOf<N, M>;
}

export type KindOf<N extends string, M extends MethodTable<M>> = N extends `${string}Service`
  ? ServiceType<M>
  : N extends `${string}Events`
    ? EventsType<M>
    : DualType<M>;
