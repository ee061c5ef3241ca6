// Decodes one payload in a process of its own and tells what it took.
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { All, MAX_BYTES, RAW, SHAPES } from './shapes.mjs';

const [codecName, shape] = process.argv.slice(2);
const codec = { json: jsonCodec, msgpack: msgpackCodec, protobuf: protobufCodec }[codecName]().message(All);

function payloadOf(value) {
  const payload = codec.encode(value);
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  const bytes = new Uint8Array(payload.len);
  payload.finishInto(bytes, 0);
  return bytes;
}

function decode(bytes) {
  try {
    return codec.decode(bytes, 0, bytes.length);
  } catch (error) {
    if (error.code !== 'payload_invalid') throw error;
    return error;
  }
}

/** The largest that is let in, made and tried in another process, so that its garbage is not counted here. */
function largest() {
  const { counts, make } = SHAPES[shape];
  for (const count of counts) {
    const bytes = payloadOf(make(count));
    if (bytes.length <= MAX_BYTES && !(decode(bytes) instanceof Error)) return bytes;
  }
  return undefined;
}

if (process.argv[4] === 'make') {
  const bytes = shape in SHAPES ? largest() : RAW[codecName][shape]();
  if (bytes !== undefined) process.stdout.write(bytes);
} else {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const bytes = Uint8Array.from(Buffer.concat(chunks));
  chunks.length = 0;
  // As a server that has been up: code is compiled, nothing else is there.
  const warm = payloadOf({ messages: [{}], strings: ['a'], entries: { a: '' }, ints: [1, 2], longs: [1n], child: {} });
  for (let i = 0; i < 2_000; i++) decode(warm);
  globalThis.gc();
  const before = process.resourceUsage().maxRSS;
  // Time of the processor, garbage collection included: the machine may have other things to do.
  const start = process.cpuUsage();
  const result = decode(bytes);
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1_000;
  const mb = (process.resourceUsage().maxRSS - before) / 1_024;
  console.log(JSON.stringify({ bytes: bytes.length, ms, mb: Math.max(0, mb), refused: result instanceof Error }));
}
