import type { Hello, MessageLink, StreamLink } from '@stmp/contract';
import { MemoryLink } from './memory-link.js';
import {
  type MemoryOptions,
  type ResolvedMemoryOptions,
  resolveMaxUnitBytes,
  resolveMemoryOptions,
} from './options.js';

export interface MemoryPairOptions extends MemoryOptions {
  /** The port that the second end sees at the first; the second itself has port 0. Default 1. */
  readonly port?: number | undefined;
  /** Given to both ends of a message link as what travelled outside the data. */
  readonly hello?: Hello | undefined;
  /** Largest message that either end accepts. Default 16 MiB. Streams ignore it. */
  readonly maxUnitBytes?: number | undefined;
}

/** Two ends that are joined: what one sends, the other receives, without a copy. The first is taken for the client's. */
export function memoryPair(options?: MemoryPairOptions & { readonly kind?: 'stream' }): [StreamLink, StreamLink];
export function memoryPair(options: MemoryPairOptions & { readonly kind: 'message' }): [MessageLink, MessageLink];
export function memoryPair(options: MemoryPairOptions): [StreamLink, StreamLink] | [MessageLink, MessageLink];
export function memoryPair(options: MemoryPairOptions = {}): [StreamLink, StreamLink] | [MessageLink, MessageLink] {
  const limit = resolveMaxUnitBytes(options.maxUnitBytes);
  return joinPair(resolveMemoryOptions(options), options.port ?? 1, options.hello, limit, limit);
}

export function joinPair(
  options: ResolvedMemoryOptions,
  port: number,
  hello: Hello | undefined,
  clientMaxUnitBytes: number,
  serverMaxUnitBytes: number,
): [StreamLink, StreamLink] | [MessageLink, MessageLink] {
  const client = { port, maxUnitBytes: clientMaxUnitBytes };
  const server = { port: 0, maxUnitBytes: serverMaxUnitBytes };
  const outOfBand = options.kind === 'message' ? hello : undefined;
  const a = new MemoryLink(options, client, server, outOfBand);
  const b = new MemoryLink(options, server, client, outOfBand);
  MemoryLink.join(a, b);
  return [a, b] as unknown as [StreamLink, StreamLink] | [MessageLink, MessageLink];
}
