import {
  type Action,
  type AnyMethod,
  actionOf,
  type MessageCodec,
  methodName,
  type Payload,
  type PayloadCodec,
} from '@stmp/contract';
import { codecsOf } from '../wire/wire.js';

/** The method that a call goes to, and how its values travel. The stubs of a service are such. */
export interface Callee {
  /** For errors, and deadlines by method. */
  readonly name: string;
  /** True where {@link name} is only a number in words. */
  readonly isUnnamed?: boolean;
  readonly method: { readonly action: Action | string };
  codecs(codec: PayloadCodec): { readonly input: MessageCodec; readonly output: MessageCodec };
}

const UNTYPED: AnyMethod = { name: '', action: 0 };
const plainCodecs: Callee['codecs'] = (codec) => codecsOf(codec, UNTYPED);

const RAW: MessageCodec<Uint8Array, Payload | undefined> = {
  encode(payload) {
    if (payload === undefined || typeof payload === 'string' || payload instanceof Uint8Array) return payload;
    throw new TypeError(`payload must be bytes or text, got ${payload === null ? 'null' : typeof payload}`);
  },
  // A copy, and never a Buffer.
  decode: (bytes, start, end) => new Uint8Array(bytes.subarray(start, end)),
};
const rawCodecs = { input: RAW as MessageCodec, output: RAW as MessageCodec };

/** As {@link plainCallee}, for payloads that are encoded already. */
export function rawCallee(action: Action | string, peerIsOurs: boolean): Callee {
  return { ...targetOf(action, peerIsOurs), codecs: () => rawCodecs };
}

/**
 * A method without types.
 * @throws TypeError for what is no name of a method, RangeError for a number that is none of an action.
 */
export function plainCallee(action: Action | string, peerIsOurs: boolean): Callee {
  return { ...targetOf(action, peerIsOurs), codecs: plainCodecs };
}

/** Only peers of ours resolve names. Source: STMP 1.0, section 9. */
function targetOf(action: Action | string, peerIsOurs: boolean): Omit<Callee, 'codecs'> {
  const label = labelOf(action);
  if (typeof action !== 'string') return { name: label, isUnnamed: true, method: { action } };
  const dot = label.lastIndexOf('.');
  const sent = peerIsOurs ? label : actionOf(label.slice(0, dot), label.slice(dot + 1));
  return { name: label, method: { action: sent } };
}

/**
 * What an action is called in errors: a name in the form that it has on the wire.
 * @throws as {@link plainCallee}.
 */
export function labelOf(action: Action | string): string {
  if (typeof action === 'string') {
    const dot = action.lastIndexOf('.');
    if (dot < 1 || dot === action.length - 1 || action[dot - 1] === '.')
      throw new TypeError(`action must be a number or package.Service.Method, got ${JSON.stringify(action)}`);
    return methodName(action.slice(0, dot), action.slice(dot + 1));
  }
  const isNumber = typeof action === 'bigint' || Number.isSafeInteger(action);
  if (!isNumber || action <= 0xff || action > 0xffff_ffff_ffff_ffffn)
    throw new RangeError(`action must be a number from 256 to 2^64 - 1, got ${String(action)}`);
  return `action 0x${action.toString(16).toUpperCase()}`;
}
