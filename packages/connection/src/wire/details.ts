import {
  type ErrorDetails,
  type Headers,
  type MessageType,
  type OutgoingErrorDetails,
  type PayloadCodec,
  StmpError,
} from '@stmp/contract';
import { getHeader } from '@stmp/packet';

/** The header in which an error's details travel, as base64url of a payload of the connection's content type. */
export const DETAILS_HEADER = 'Stmp-Details';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const count = Math.min(bytes.length - i, 3) + 1;
    for (let j = 0; j < count; j++) text += ALPHABET[(group >> (18 - 6 * j)) & 63];
  }
  return text;
}

/** @throws StmpError `payload_invalid`. */
export function fromBase64Url(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let bits = 0;
  let count = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0 || text.length % 4 === 1) throw new StmpError('payload_invalid', 'error details: expected base64url');
    bits = ((bits << 6) | value) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = (bits >> count) & 0xff;
    }
  }
  return bytes;
}

const isOutgoing = (details: ErrorDetails): details is OutgoingErrorDetails => 'type' in details && 'value' in details;

/** The header that carries these details, or undefined for details that only passed through. */
export function encodeDetails(codec: PayloadCodec, details: ErrorDetails): readonly [string, string] | undefined {
  if (!isOutgoing(details)) return undefined;
  const payload = codec.message(details.type).encode(details.value);
  let bytes: Uint8Array;
  if (payload === undefined) bytes = new Uint8Array(0);
  else if (typeof payload === 'string') bytes = new TextEncoder().encode(payload);
  else if (payload instanceof Uint8Array) bytes = payload;
  else {
    bytes = new Uint8Array(payload.len);
    payload.finishInto(bytes, 0);
  }
  return [DETAILS_HEADER, toBase64Url(bytes)];
}

/** Details that a peer sent; decoded when asked for. */
export function readDetails(codec: PayloadCodec, headers: Headers): ErrorDetails | undefined {
  const value = getHeader(headers, DETAILS_HEADER);
  if (value === undefined) return undefined;
  return {
    as<T>(type?: MessageType<T>): T {
      const bytes = fromBase64Url(value);
      return codec.message(type).decode(bytes, 0, bytes.length);
    },
  };
}
