import type { Compression } from '@stmp/contract';
import type { gzipCompression } from '../src/gzip.js';

export const CORPUS: URL;
export function seeds(make: typeof gzipCompression): Uint8Array[];
export function mutate(next: (below: number) => number, pool: readonly Uint8Array[]): Uint8Array;
export interface Outcome {
  readonly length: number;
  readonly hash: number;
}
export function outcome(compression: Compression, bytes: Uint8Array, step: number): Outcome;
export function compare(zlib: Compression, pako: Compression, bytes: Uint8Array, step: number): Outcome;
export function readCorpus(): Uint8Array[];
