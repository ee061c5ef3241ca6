// node bench/packets.mjs [milliseconds per figure]: ratio, and CPU per packet, of packets flushed one by one.
// Build first. Payloads are lists of chat messages, all different, as JSON and as protobuf has them.
import { gzipCompression } from '../dist/node.js';

const BUDGET_MS = Number(process.argv[2] ?? 60);
const WORDS =
  'the a and or ready order level player moved room table next server please later hello answer score open north'.split(
    ' ',
  );

let state = 12_345;
const below = (limit) => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >>> 8) % limit;
};
const sentence = () => Array.from({ length: 1 + below(4) }, () => WORDS[below(WORDS.length)]).join(' ');
const message = () => ({ id: below(1e6), user: `u${below(5_000)}`, text: sentence(), at: 1_700_000_000 + below(1e6) });

const encoder = new TextEncoder();
function varint(value, into) {
  for (; value > 127; value = Math.floor(value / 128)) into.push((value % 128) | 128);
  into.push(value);
}
function field(tag, bytes, into) {
  into.push(tag);
  varint(bytes.length, into);
  into.push(...bytes);
}
function protobuf({ id, user, text, at }) {
  const into = [0x08];
  varint(id, into);
  field(0x12, encoder.encode(user), into);
  field(0x1a, encoder.encode(text), into);
  into.push(0x20);
  varint(at, into);
  return into;
}

function jsonPacket(size) {
  const list = [];
  let length = 2;
  do {
    const entry = JSON.stringify(message());
    list.push(entry);
    length += entry.length + 1;
  } while (length < size);
  return encoder.encode(list.length === 1 ? list[0] : `[${list.join(',')}]`);
}
function protobufPacket(size) {
  const into = [];
  do field(0x0a, protobuf(message()), into);
  while (into.length < size - 20);
  return Uint8Array.from(into);
}

/** Microseconds of CPU per packet, once warm. */
function cpuPerPacket(packets, work) {
  for (const until = performance.now() + BUDGET_MS; performance.now() < until; ) {
    for (const packet of packets) work(packet);
  }
  const begin = process.cpuUsage();
  const until = performance.now() + BUDGET_MS;
  let count = 0;
  do {
    for (const packet of packets) work(packet);
    count += packets.length;
  } while (performance.now() < until);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / count;
}

function round(print) {
  for (const size of [64, 1_024, 16_384]) {
    // More than a window holds, so that no packet is found again as a whole.
    const count = Math.max(16, Math.ceil(200_000 / size));
    for (const [kind, make] of [
      ['JSON', jsonPacket],
      ['protobuf', protobufPacket],
    ]) {
      const packets = Array.from({ length: count }, () => make(size));
      const plain = packets.reduce((sum, packet) => sum + packet.length, 0);
      for (const level of [1, 6]) {
        const deflate = [];
        const inflate = [];
        let ratio = 0;
        for (const engine of ['zlib', 'pako']) {
          const gzip = gzipCompression({ engine, level });
          const compressor = gzip.createCompressor();
          const write = (packet) => {
            compressor.add(packet, 0, packet.length);
            return compressor.flush();
          };
          for (const packet of packets) write(packet);
          ratio = plain / packets.reduce((sum, packet) => sum + write(packet).length, 0);
          deflate.push(cpuPerPacket(packets, write));
          // One member per pass, since a stream read again from its beginning must begin there.
          const once = gzip.createCompressor({ memberBytes: 2 ** 40 });
          const chunks = packets.map((packet) => {
            once.add(packet, 0, packet.length);
            return once.flush();
          });
          let at = 0;
          let decompressor;
          inflate.push(
            cpuPerPacket(chunks, (chunk) => {
              if (at++ % chunks.length === 0) {
                decompressor?.close();
                decompressor = gzip.createDecompressor();
              }
              decompressor.push(chunk);
              while (decompressor.pull() !== undefined);
            }),
          );
        }
        const cells = [...deflate, ...inflate].map((us) => us.toFixed(1));
        const mean = Math.round(plain / count);
        print(`| ${kind} | ${mean} | ${level} | ${ratio.toFixed(2)} | ${cells.join(' | ')} |`);
      }
    }
  }
}

// The first round only makes the JavaScript fast.
round(() => {});
console.log(`Node.js ${process.version}, CPU in us per packet`);
console.log('| payload | bytes | level | ratio | deflate zlib | pako | inflate zlib | pako |');
console.log('|---|---|---|---|---|---|---|---|');
round(console.log);
