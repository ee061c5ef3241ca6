// node packages/packet/bench/packet.mjs, after a build. Nanoseconds per packet, median of the rounds.
import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodePacket,
  encodePacket,
  readMessagePacket,
  readStreamPacket,
  readTextPacket,
  textRequest,
  writeRequestHead,
  writeResponseHead,
} from '@stmp/packet';

const PACKETS = 1000;
const ROUNDS = 400;
const action = 2_439_453_573;
const payload = new Uint8Array(36).fill(0x61);
const textPayload = 'a'.repeat(36);
const header = new TextEncoder().encode('Trace:abcdef0123456789');
const slab = new Uint8Array(PACKETS * 128);
const fields = createPacketFields();
let sink = 0;

function median(run) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.hrtime.bigint();
    run();
    times.push(Number(process.hrtime.bigint() - begin) / PACKETS);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

function encodeAll(block, id) {
  let at = 0;
  for (let i = 0; i < PACKETS; i++) {
    at = writeRequestHead(slab, at, true, i, id, block, payload.length);
    slab.set(payload, at);
    at += payload.length;
  }
  return at;
}

function decodeAll(end) {
  for (let at = 0; at < end; ) {
    at = readStreamPacket(slab, at, end, DEFAULT_PACKET_LIMITS, fields);
    sink += fields.end - fields.start + fields.mid;
  }
}

const rows = {};
for (const [name, block, id] of [
  ['request', undefined, action],
  ['request, small action', undefined, 0x1101],
  ['request, 64-bit action', undefined, 0xffff_ffff_ffff_ffffn],
  ['request, header of 22 bytes', header, action],
]) {
  const encode = median(() => encodeAll(block, id));
  const end = encodeAll(block, id);
  rows[`stream: ${name}`] = { encode, decode: median(() => decodeAll(end)) };
}

rows['stream: response'] = {
  encode: median(() => {
    let at = 0;
    for (let i = 0; i < PACKETS; i++) {
      at = writeResponseHead(slab, at, true, i, 0, undefined, payload.length);
      slab.set(payload, at);
      at += payload.length;
    }
  }),
  decode: undefined,
};
{
  let end = 0;
  for (let i = 0; i < PACKETS; i++) {
    end = writeResponseHead(slab, end, true, i, 0, undefined, payload.length);
    slab.set(payload, end);
    end += payload.length;
  }
  rows['stream: response'].decode = median(() => decodeAll(end));
}

const packet = { kind: 'request', mid: 4660, action, payload };
const message = encodePacket(packet, 'message');
rows['message: request'] = {
  encode: median(() => {
    for (let i = 0; i < PACKETS; i++) {
      const next = writeRequestHead(slab, 0, false, i, action, undefined, payload.length);
      slab.set(payload, next);
    }
  }),
  decode: median(() => {
    for (let i = 0; i < PACKETS; i++) sink += readMessagePacket(message, DEFAULT_PACKET_LIMITS, fields);
  }),
};

const text = textRequest(4660, action, undefined, textPayload);
rows['text: request'] = {
  encode: median(() => {
    for (let i = 0; i < PACKETS; i++) sink += textRequest(i, action, undefined, textPayload).length;
  }),
  decode: median(() => {
    for (let i = 0; i < PACKETS; i++) sink += readTextPacket(text, DEFAULT_PACKET_LIMITS, fields);
  }),
};

const stream = encodePacket(packet, 'stream');
rows['objects (not for connections)'] = {
  encode: median(() => {
    for (let i = 0; i < PACKETS; i++) sink += encodePacket(packet, 'stream').length;
  }),
  decode: median(() => {
    for (let i = 0; i < PACKETS; i++) sink += decodePacket(stream, 'stream').mid;
  }),
};

for (const row of Object.values(rows)) for (const key of Object.keys(row)) row[key] = Math.round(row[key]);
console.table(rows);
if (sink < 0) console.log(sink);
