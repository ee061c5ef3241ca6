import type { Action, Headers, Payload, PayloadWriter } from '@stmp/contract';
import {
  encodeHeaderBlock,
  headerBlockBytes,
  MAX_PACKET_OVERHEAD,
  textNotify,
  writeEmptyPayload,
  writeNotifyHead,
} from '@stmp/packet';

const encoder = new TextEncoder();
// A byte order mark is data: without ignoreBOM it would be dropped.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const scratch = new Uint8Array(65_536);
const SHORT_TEXT = 48;

/** The one payload that is sent although it is empty; all others of no length are left out. Source: STMP 1.0, section 2. */
export const EMPTY_PAYLOAD: Uint8Array = new Uint8Array(0);

/** Short ASCII text, written without going through an encoder; there is one, for the text sized last. */
interface ShortText {
  readonly len: number;
}

/** A payload of known length, ready to be written. Views of scratch memory live until the next call. */
export type Sized = Exclude<Payload, string> | ShortText;

let shortText = '';
const SHORT: ShortText = {
  get len() {
    return shortText.length;
  },
};

function isShortAscii(text: string): boolean {
  if (text.length > SHORT_TEXT) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Makes text bytes; anything else is passed on. */
export function sized(payload: Payload): Sized {
  if (typeof payload !== 'string') return payload;
  if (isShortAscii(payload)) {
    shortText = payload;
    return SHORT;
  }
  if (payload.length * 3 > scratch.length) return encoder.encode(payload);
  return scratch.subarray(0, encoder.encodeInto(payload, scratch).written);
}

export function sizeOf(payload: Sized): number {
  return payload instanceof Uint8Array ? payload.length : payload.len;
}

/** Writes a payload and returns the offset behind it. */
export function putPayload(slab: Uint8Array, at: number, payload: Sized): number {
  if (payload instanceof Uint8Array) {
    slab.set(payload, at);
    return at + payload.length;
  }
  if (payload === SHORT) {
    const text = shortText;
    for (let i = 0; i < text.length; i++) slab[at + i] = text.charCodeAt(i);
    return at + text.length;
  }
  const { len } = payload;
  (payload as PayloadWriter).finishInto(slab, at);
  return at + len;
}

/** A payload as text, for text packets. Bytes are read as UTF-8. */
export function payloadText(payload: Payload): string {
  if (typeof payload === 'string') return payload;
  if (payload instanceof Uint8Array) return decoder.decode(payload);
  const bytes = new Uint8Array(payload.len);
  payload.finishInto(bytes, 0);
  return decoder.decode(bytes);
}

/** Bytes of `text` in UTF-8. */
export function textBytes(text: string | undefined): number {
  return text === undefined ? 0 : encoder.encode(text).length;
}

/** A method name as it is written: bytes; numbers stay. */
export function actionBytes(action: Action | string): Action | Uint8Array {
  return typeof action === 'string' ? encoder.encode(action) : action;
}

export function headerText(headers: Headers | undefined): string | undefined {
  return headers === undefined || headers.length === 0 ? undefined : encodeHeaderBlock(headers);
}

/** The three forms that a packet has on the wire. */
export type PacketForm = 'stream' | 'message' | 'text';

/** One event as a packet of its own, for any number of connections of this form. */
export function encodeNotify(
  form: PacketForm,
  action: Action | string,
  headers: Headers | undefined,
  payload: Payload | undefined,
): Uint8Array | string {
  if (form === 'text') {
    return textNotify(action, headerText(headers), payload === undefined ? undefined : payloadText(payload));
  }
  const name = actionBytes(action);
  const header = headers === undefined ? undefined : headerBlockBytes(headers);
  const body = payload === undefined ? undefined : sized(payload);
  const length = body === undefined ? -1 : sizeOf(body);
  const slab = new Uint8Array(
    MAX_PACKET_OVERHEAD + (name instanceof Uint8Array ? name.length : 0) + (header?.length ?? 0) + Math.max(0, length),
  );
  let at = writeNotifyHead(slab, 0, form === 'stream', name, header, length);
  if (length > 0) at = putPayload(slab, at, body!);
  else if (body === EMPTY_PAYLOAD) at = writeEmptyPayload(slab, 0, at, form === 'stream');
  return at === slab.length ? slab : slab.slice(0, at);
}
