// A transport, a listener, a codec and a compression, as their authors would hand them to the kits.
import { gzipCompression } from '@stmp/compression-gzip';
import { jsonCodec } from '@stmp/payload-json';
import { memoryPair, memoryTransport } from '@stmp/transport-memory';

/** @param {'stream' | 'message'} kind */
const memory = (kind) => ({
  kind,
  stallBytes: 1_000_000,
  async open(options) {
    const [a, b] = memoryPair({ kind, ...options });
    return { a, b, async close() {} };
  },
  async dial(signal) {
    const { dialer, listener } = memoryTransport({ kind });
    await listener.listen('memory://x', { onLink: (link) => link.start({ onData() {}, onDrain() {}, onClose() {} }) });
    return dialer.dial('memory://x', { signal });
  },
  dialNobody: () => memoryTransport({ kind }).dialer.dial('memory://nobody'),
});

let next = 0;
export const streams = memory('stream');
export const messages = memory('message');
export const listener = { kind: 'stream', ...memoryTransport(), address: () => `memory://stand-${next++}` };
export const codec = jsonCodec();
export const compression = gzipCompression();
export const unrelated = 1;
