import type { Packet } from '@stmp/packet';
import type { PacketVector } from '../../../test/vectors/vectors.js';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function unhex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The string whose UTF-8 is this hex, or undefined when it is no UTF-8. */
export function textOf(encoded: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unhex(encoded));
  } catch {
    return undefined;
  }
}

export function packetOf({ action, method, payload, ...rest }: PacketVector): Packet {
  return {
    ...rest,
    ...(action !== undefined && { action: actionOf(action) }),
    ...(method !== undefined && { action: method }),
    ...(payload !== undefined && { payload: unhex(payload) }),
  };
}

function actionOf(decimal: string): number | bigint {
  const value = BigInt(decimal);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** The result of `run` when it throws; fails when it does not. */
export function thrownBy(run: () => unknown): { name: string; code?: string; status?: number; message: string } {
  try {
    run();
  } catch (error) {
    return error as never;
  }
  throw new Error('expected an exception');
}
