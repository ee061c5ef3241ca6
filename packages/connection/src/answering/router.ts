import {
  type Action,
  type AnyMethod,
  type EventsType,
  type MethodTable,
  methodName,
  type ServiceType,
} from '@stmp/contract';
import { type Implementation, type Listeners, methodsOf } from '../api.js';
import type { Context } from './context.js';
import type { Middleware } from './middleware.js';

type Handler = (input: unknown, context: unknown) => unknown;

/** One action: who handles it and who listens. */
export class Route {
  readonly method: AnyMethod;
  readonly service: string;
  /** `package.Service.Method`. */
  readonly name: string;
  handler: Handler | undefined = undefined;
  /** Replaced, never changed, so that a listener may remove itself while it runs. */
  listeners: readonly Handler[] = [];

  constructor(service: string, method: AnyMethod) {
    this.service = service;
    this.method = method;
    this.name = methodName(service, method.name);
  }
}

/** What one side answers and listens to; shared by all connections of a server, or by all that a client makes. */
export class Router {
  readonly #routes = new Map<Action, Route>();
  #names: Map<string, Route> | undefined = undefined;
  /** By service, what tells one implementation from a later one. */
  readonly #implemented = new Map<string, object>();
  readonly #listening = new Set<object>();
  middleware: readonly Middleware[] = [];

  find(action: Action | string): Route | undefined {
    if (typeof action !== 'string') return this.#routes.get(action);
    this.#names ??= new Map([...this.#routes.values()].map((route) => [route.name, route]));
    return this.#names.get(action);
  }

  implement<M extends MethodTable<M>, C extends Context>(
    type: ServiceType<M>,
    implementation: Implementation<M, C>,
  ): () => void {
    if (this.#implemented.has(type.typeName)) throw new TypeError(`${type.typeName} is implemented already`);
    const handlers = methodsOf(type).map(([key, method]) => {
      const handler = (implementation as Record<string, unknown>)[key];
      if (typeof handler !== 'function')
        throw new TypeError(`${type.typeName}: expected a handler ${key}, got ${typeof handler}`);
      return [method, handler.bind(implementation) as Handler] as const;
    });
    const routes = handlers.map(([method, handler]) => {
      const route = this.#route(type.typeName, method);
      route.handler = handler;
      return route;
    });
    this.#implemented.set(type.typeName, handlers);
    return () => {
      if (this.#implemented.get(type.typeName) !== handlers) return;
      this.#implemented.delete(type.typeName);
      for (const route of routes) route.handler = undefined;
    };
  }

  use(middleware: Middleware): () => void {
    this.middleware = [...this.middleware, middleware];
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const at = this.middleware.lastIndexOf(middleware);
      this.middleware = this.middleware.filter((_, index) => index !== at);
    };
  }

  on<M extends MethodTable<M>, C extends Context>(
    type: EventsType<M> | ServiceType<M>,
    listeners: Listeners<M, C>,
  ): () => void {
    if (this.#listening.has(listeners)) throw new TypeError(`${type.typeName}: these listeners are registered already`);
    const known = new Map(methodsOf(type));
    const added: [Route, Handler][] = [];
    for (const [key, listener] of Object.entries<unknown>(listeners)) {
      if (listener === undefined) continue;
      const method = known.get(key);
      if (method === undefined) throw new TypeError(`${type.typeName} has no event ${key}`);
      if (typeof listener !== 'function')
        throw new TypeError(`${type.typeName}: expected a listener ${key}, got ${typeof listener}`);
      added.push([this.#route(type.typeName, method), listener.bind(listeners) as Handler]);
    }
    this.#listening.add(listeners);
    for (const [route, handler] of added) route.listeners = [...route.listeners, handler];
    return () => {
      if (!this.#listening.delete(listeners)) return;
      for (const [route, handler] of added) route.listeners = route.listeners.filter((other) => other !== handler);
    };
  }

  #route(service: string, method: AnyMethod): Route {
    const route = this.#routes.get(method.action);
    if (route === undefined) {
      const made = new Route(service, method);
      this.#routes.set(method.action, made);
      this.#names = undefined;
      return made;
    }
    const name = methodName(service, method.name);
    if (route.name !== name) {
      throw new TypeError(`${name} and ${route.name} share action 0x${method.action.toString(16).toUpperCase()}`);
    }
    return route;
  }
}
