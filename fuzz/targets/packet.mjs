// Packets, handshakes and header blocks in every form. The first byte says which, and under what limits.
import { readFileSync } from 'node:fs';

const STREAM_STATUSES = [-0x02, -0x03, -0x20, -0x24];

export async function create(load) {
  const packet = await load('packet');
  const { isStmpError } = await load('contract');
  const fields = packet.createPacketFields();
  const small = { maxPacketBytes: 40, maxHeaderBytes: 20 };
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  function attempt(work) {
    try {
      return work();
    } catch (error) {
      if (!isStmpError(error) || error.status === undefined) throw error;
      return undefined;
    }
  }
  const same = (one, other) => {
    const plain = (value) =>
      JSON.stringify(value, (_, part) =>
        typeof part === 'bigint' ? `${part}n` : part instanceof Uint8Array ? [...part] : part,
      );
    if (plain(one) !== plain(other)) throw new Error(`${plain(one)} became ${plain(other)}`);
  };
  const withPayload = ({ payload = new Uint8Array(), ...rest }) => ({ ...rest, payload });

  function again(bytes, framing, limits) {
    const read = packet.decodePacket(bytes, framing, limits);
    // As it was written it may take more room: varints need not be minimal, but are.
    const written = packet.encodePacket(read, framing);
    same(withPayload(packet.decodePacket(written, framing)), withPayload(read));
    return true;
  }

  const forms = [
    (bytes, limits) => {
      const next = packet.readStreamPacket(bytes, 0, bytes.length, limits, fields);
      if (next > 0) {
        if (next > bytes.length || (fields.end >= 0 && fields.end !== next)) throw new Error('past its end');
        return again(bytes.slice(0, next), 'stream', limits);
      }
      if (next === 0) {
        if (fields.needed <= bytes.length) throw new Error(`needs ${fields.needed} of ${bytes.length}`);
        if (fields.needed > bytes.length + limits.maxPacketBytes + 1) throw new Error(`needs ${fields.needed}`);
      } else if (!STREAM_STATUSES.includes(next)) throw new Error(`the status ${next}`);
      return false;
    },
    (bytes, limits) => {
      const result = packet.readMessagePacket(bytes, limits, fields);
      if (result !== 0 && result !== -3) throw new Error(`the result ${result}`);
      return result === 0 && again(bytes, 'message', limits);
    },
    (bytes, limits) => {
      const text = utf8.decode(bytes);
      const fromText = packet.readTextPacket(text, limits, fields);
      const { kind, mid, action } = fields;
      const fromBytes = packet.readTextPacketBytes(bytes, limits, fields);
      if (fromText !== 0 && fromText !== -3) throw new Error(`the result ${fromText}`);
      // Bytes that are no UTF-8 count one by one in one form, and as U+FFFD in the other.
      if (limits !== small && fromText !== fromBytes) throw new Error('text and bytes differ');
      if (fromText !== 0 || fromBytes !== 0) return false;
      same([fields.kind, fields.mid, fields.action], [kind, mid, action]);
      const read = packet.decodeTextPacket(text, limits);
      same(withPayload(packet.decodeTextPacket(packet.encodeTextPacket(read))), withPayload(read));
      return true;
    },
    (bytes, limits) => {
      const handshakeLimits = { maxHandshakeBytes: limits === small ? 60 : 65_536 };
      const read = attempt(() => packet.readClientHandshake(bytes, 0, bytes.length, handshakeLimits));
      if (read !== undefined) {
        const written = packet.encodeClientHandshake(read.value);
        same(packet.readClientHandshake(written, 0, written.length, { maxHandshakeBytes: 1e6 }).value, read.value);
      }
      return read !== undefined;
    },
    (bytes, limits) => {
      const handshakeLimits = { maxHandshakeBytes: limits === small ? 60 : 65_536 };
      const read = attempt(() => packet.readServerHandshake(bytes, 0, bytes.length, handshakeLimits));
      if (read !== undefined) {
        const written = packet.encodeServerHandshake(read.value);
        same(packet.readServerHandshake(written, 0, written.length, { maxHandshakeBytes: 1e6 }).value, read.value);
      }
      return read !== undefined;
    },
    (bytes, limits) => {
      const handshakeLimits = { maxHandshakeBytes: limits === small ? 60 : 65_536 };
      const text = utf8.decode(bytes);
      const server = attempt(() => packet.readServerHandshakeText(text, handshakeLimits));
      if (server !== undefined) {
        const written = packet.encodeServerHandshakeText(server);
        same(packet.readServerHandshakeText(written, { maxHandshakeBytes: 1e6 }), server);
      }
      return attempt(() => packet.readClientHandshakeText(text, handshakeLimits)) !== undefined || server !== undefined;
    },
    (bytes) => {
      const text = utf8.decode(bytes);
      const fromText = attempt(() => packet.decodeHeaderBlock(text));
      same(attempt(() => packet.decodeHeaderBytes(bytes, 0, bytes.length)) ?? null, fromText ?? null);
      if (fromText === undefined) return false;
      same(packet.decodeHeaderBlock(packet.encodeHeaderBlock(fromText)), fromText);
      return true;
    },
  ];

  const vectors = JSON.parse(readFileSync(new URL('../../test/vectors/stmp-v1.json', import.meta.url), 'utf8'));
  const seed = (form, hex) => Uint8Array.from([form, ...Buffer.from(hex, 'hex')]);
  const seeds = [];
  for (const one of vectors.packets) seeds.push(seed(0, one.stream), seed(1, one.message), seed(2, one.text));
  for (const { input } of vectors.malformed) seeds.push(seed(0, input), seed(1, input), seed(2, input));
  for (const { binary, text } of vectors.handshakes) seeds.push(seed(3, binary), seed(4, binary), seed(5, text));
  seeds.push(seed(6, Buffer.from('a:b;c:%3A%0a%;').toString('hex')));
  return {
    run: (bytes) => {
      const form = bytes[0] ?? 0;
      return forms[(form & 15) % forms.length](bytes.subarray(1), form & 16 ? small : packet.DEFAULT_PACKET_LIMITS);
    },
    maxBytes: 512,
    seeds: seeds.filter(({ length }) => length <= 512),
    tokens: ['%3A', '%0A', ':', ';', '\n', '\nH', '\nP', '\nM', 'M:', 'STMP', 'é', '\ufffd'].map((text) =>
      new TextEncoder().encode(text),
    ),
  };
}
