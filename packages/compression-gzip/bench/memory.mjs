// node bench/memory.mjs: what a compressed connection has allocated, after 128 kB each way. Build first.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { gzipCompression } from '../dist/node.js';

const CONNECTIONS = 300;
const PACKETS = 32;

const cases = [
  {},
  { level: 1 },
  { memLevel: 6 },
  { windowBits: 12, memLevel: 4 },
  { windowBits: 10, memLevel: 1 },
  { windowBits: 10, memLevel: 1, readWindowBits: 10 },
];

if (process.argv[2] === undefined) {
  console.log(`Node.js ${process.version}, kB per connection`);
  console.log('| options | deflate zlib | pako | inflate zlib | pako |');
  console.log('|---|---|---|---|---|');
  for (const options of cases) {
    const cells = [];
    for (const side of ['deflate', 'inflate']) {
      for (const engine of ['zlib', 'pako']) {
        const args = ['--expose-gc', fileURLToPath(import.meta.url), side, JSON.stringify({ ...options, engine })];
        cells.push(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim());
      }
    }
    console.log(`| \`${JSON.stringify(options)}\` | ${cells.join(' | ')} |`);
  }
} else {
  const [side, options] = [process.argv[2], JSON.parse(process.argv[3])];
  const gzip = gzipCompression(options);
  const packets = Array.from({ length: PACKETS }, (_, i) =>
    Uint8Array.from({ length: 4_096 }, (_, k) => (Math.imul(k + i * 4_096, 2_654_435_761) >>> 28) + 97),
  );
  const write = (compressor) =>
    packets.map((packet) => {
      compressor.add(packet, 0, packet.length);
      return compressor.flush();
    });
  const chunks = write(gzip.createCompressor());
  const read = (decompressor) => {
    for (const chunk of chunks) {
      decompressor.push(chunk);
      while (decompressor.pull() !== undefined);
    }
  };
  const one = () => {
    if (side === 'deflate') {
      const compressor = gzip.createCompressor();
      write(compressor);
      return compressor;
    }
    const decompressor = gzip.createDecompressor();
    read(decompressor);
    return decompressor;
  };
  const kept = Array.from({ length: 20 }, one);
  globalThis.gc();
  // What pako has is V8's and is counted exactly; what zlib has is seen only as resident memory.
  const used = () => {
    const { rss, external, heapUsed } = process.memoryUsage();
    return options.engine === 'zlib' ? rss : external + heapUsed;
  };
  const before = used();
  for (let i = 0; i < CONNECTIONS; i++) {
    kept.push(one());
    // Else the chunks read and written would count, as gaps between what stays.
    globalThis.gc();
  }
  console.log(Math.round((used() - before) / CONNECTIONS / 1_000));
  if (kept.length === 0) throw new Error('unreachable');
}
