// Golden bytes observed from the original; `notes` in the file explains each section.
import { readFileSync } from 'node:fs';

type Pairs = readonly (readonly [string, string])[];

export interface PacketVector {
  readonly kind: 'ping' | 'pong' | 'request' | 'notify' | 'response' | 'close';
  readonly mid?: number;
  readonly status?: number;
  /** Decimal. */
  readonly action?: string;
  readonly method?: string;
  readonly header?: Pairs;
  /** Hex. */
  readonly payload?: string;
}

export type FramingName = 'stream' | 'message' | 'text';

/** The sections that concern packets, headers, handshakes and actions; all bytes in hex. */
export interface Vectors {
  readonly handshakes: readonly {
    readonly name: string;
    readonly side: 'client' | 'server';
    readonly binary: string;
    readonly text: string;
    readonly header: Pairs;
    readonly message: string;
    readonly major?: number;
    readonly minor?: number;
    readonly status?: number;
  }[];
  readonly packets: readonly ({ readonly name: string; readonly packet: PacketVector } & Record<FramingName, string>)[];
  readonly decodeOnly: readonly {
    readonly name: string;
    readonly framing: FramingName;
    readonly input: string;
    readonly packet: PacketVector;
    /** Bytes after the packet. */
    readonly trailing?: number;
  }[];
  readonly malformed: readonly {
    readonly name: string;
    readonly framing: FramingName;
    readonly input: string;
    readonly error: string;
    readonly limit?: number;
  }[];
  readonly streamPrefixes: readonly { readonly name: string; readonly input: string; readonly missing: number }[];
  readonly headers: readonly {
    readonly name: string;
    readonly encoded: string;
    readonly header?: Pairs;
    readonly error?: string;
  }[];
  readonly actions: readonly { readonly method: string; readonly action: string; readonly hex: string }[];
}

export function readVectors<T = Vectors>(): T {
  return JSON.parse(readFileSync(new URL('./stmp-v1.json', import.meta.url), 'utf8')) as T;
}
