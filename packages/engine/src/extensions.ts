import { EngineEvent, type Inbound } from './inbound.js';

/**
 * What we add to the protocol, offered and accepted by name. Its control messages are Notify packets with actions 01 to
 * FF, sent and heeded only once both sides have named it. Source: STMP 1.0, section 1.
 */
export interface Extension {
  /** As in `Stmp-Extensions`, lower case. */
  readonly name: string;
  /** What is offered and answered behind the name and a semicolon, as `window=65536`. */
  readonly parameters?: string | undefined;
  /** Its control action. */
  readonly action: number;
  /** Reads a control message, of text packets where `text` is set; may set fields of `into`. `None` where the message is unreadable: it is dropped. */
  read(into: Inbound, text: boolean): EngineEvent;
}

/** The peer is asked to open its next connection and to finish here. */
export const DRAIN: Extension = { name: 'drain', action: 1, read: () => EngineEvent.Drain };

/** A request was given up. Payload: its message id, little endian; in text packets in hex. */
export const CANCEL: Extension = {
  name: 'cancel',
  action: 2,
  read(into, text) {
    const { start, end } = into;
    if (end < 0) return EngineEvent.None;
    if (text) {
      const hex = (into.text?.slice(start, end) ?? new TextDecoder().decode(into.bytes.subarray(start, end))).trim();
      if (!/^[0-9A-Fa-f]{1,4}$/.test(hex)) return EngineEvent.None;
      into.mid = Number.parseInt(hex, 16);
    } else {
      if (end - start !== 2) return EngineEvent.None;
      into.mid = into.bytes[start]! | (into.bytes[start + 1]! << 8);
    }
    return EngineEvent.Cancel;
  },
};

/** The payload of {@link CANCEL}. */
export function cancelPayload(mid: number, text: boolean): Uint8Array | string {
  return text ? mid.toString(16).toUpperCase() : Uint8Array.of(mid & 0xff, mid >> 8);
}

/** The extensions that we know, in the order in which they are offered. */
export const EXTENSIONS: readonly Extension[] = [DRAIN, CANCEL];

/** As they are written in `Stmp-Extensions`. */
export function extensionList(extensions: readonly Extension[]): string {
  return extensions
    .map(({ name, parameters }) => (parameters === undefined ? name : `${name};${parameters}`))
    .join(',');
}

/** Actions up to here are control messages between peers that took an extension. */
export const MAX_CONTROL_ACTION = 0xff;
