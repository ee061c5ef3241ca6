// Broken gzip streams: zlib and pako must say the same of them.
import { gzipCompression as plainGzip } from '../../packages/compression-gzip/dist/node.js';
import { compare, readCorpus, seeds } from '../../packages/compression-gzip/fuzz/mutations.mjs';

export async function create(load) {
  const { gzipCompression } = await load('compression-gzip', 'node');
  const zlib = gzipCompression({ engine: 'zlib' });
  const pako = gzipCompression({ engine: 'pako' });
  const plainPako = plainGzip({ engine: 'pako' });
  let runs = 0;
  // The first byte says in what pieces the stream comes.
  const withStep = (stream) => Uint8Array.from([0, ...stream]);
  return {
    run(bytes) {
      const stream = bytes.subarray(1);
      // Counting makes pako six times slower, and the saved streams reach most of it.
      const engine = runs++ < 2_000 || runs % 8 === 0 ? pako : plainPako;
      return compare(zlib, engine, stream, bytes[0] || Math.max(1, stream.length)).length >= 0;
    },
    maxBytes: 1024,
    seeds: [...seeds(gzipCompression), ...readCorpus()].map(withStep),
    tokens: [
      Uint8Array.from([0x1f, 0x8b, 8, 0]),
      Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
      Uint8Array.from([0, 0, 0, 0xff, 0xff]),
      Uint8Array.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
  };
}
