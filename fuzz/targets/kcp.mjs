// Scripts for a KCP session: what arrives, when, and what its owner does meanwhile.
import { join } from '../mutator.mjs';

const CONV = 0x11223344;
const HEADER_BYTES = 24;
// Of IP and UDP.
const DATAGRAM_BYTES = 28;
const MTU_BYTES = 120;

const word = (value) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];

const readU32 = (bytes, at) => (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;

/** The first byte of a script. */
function optionsOf(byte) {
  return {
    conv: CONV,
    // One is for servers, the other for whoever dials.
    limitUntilProven: (byte & 129) === 1,
    firstSent: byte & 2 ? 0xfffffffd : 0,
    firstReceived: byte & 2 ? 0xfffffffc : 0,
    clockOffset: byte & 2 ? 0xffffff00 : 0,
    resend: (byte >> 2) & 3,
    congestionWindow: (byte & 16) !== 0,
    nodelay: (byte & 32) !== 0,
    mode: byte & 64 ? 'stream' : 'message',
    openingBytes: byte & 128 ? 100 : 0,
    intervalMs: 10,
    mtuBytes: MTU_BYTES,
    sendWindow: 40,
    receiveWindow: 32,
  };
}

export async function create(load) {
  const { createKcp, openingConv } = await load('kcp');

  /**
   * A script is a byte of options, then steps. The low bits of a step: 0 to 3, a datagram of so many bytes as the next
   * two say arrives; 4, time passes; 5, something is sent; 6, reading; 7, only answers from now on.
   * Bit 3: the conversation id stays as it is; bit 4: no update yet; bit 5: the first timestamp is one that was sent.
   */
  function run(bytes) {
    let now = 5000;
    let out = 0;
    let lastTs;
    const options = optionsOf(bytes[0] ?? 0);
    const kcp = createKcp({
      ...options,
      output(datagram) {
        out += DATAGRAM_BYTES + datagram.length;
        if (datagram.length > MTU_BYTES) throw new Error('a datagram above the mtu');
        for (let at = 0; at < datagram.length; ) {
          const command = datagram[at + 4];
          if (readU32(datagram, at) !== CONV || command < 0x51 || command > 0x54) throw new Error('a bad segment left');
          if (datagram[at + 6] > options.receiveWindow || datagram[at + 7] > 0)
            throw new Error('a window that is not there');
          if (command === 0x51) lastTs = datagram.slice(at + 8, at + 12);
          at += HEADER_BYTES + readU32(datagram, at + 20);
          if (at > datagram.length) throw new Error('a segment longer than its datagram');
        }
      },
    });
    let received = 0;
    let paid = 0;
    let read = 0;
    let sent = 0;
    let answersOnly = false;
    for (let at = 1; at < bytes.length; ) {
      const step = bytes[at++];
      const kind = step & 7;
      if (kind < 4) {
        const length = (bytes[at] ?? 0) | (((bytes[at + 1] ?? 0) & 7) << 8);
        const datagram = bytes.slice(at + 2, at + 2 + length);
        at += 2 + length;
        if ((step & 8) === 0) datagram.set(word(CONV).slice(0, datagram.length));
        if (step & 32 && lastTs !== undefined && datagram.length >= 12) datagram.set(lastTs, 8);
        openingConv(datagram, 32);
        received += datagram.length;
        paid += DATAGRAM_BYTES + datagram.length;
        const failed = kcp.failure !== undefined;
        if (kcp.input(datagram, now) && failed) throw new Error('a broken session takes input');
      } else if (kind === 4) {
        now += (bytes[at++] ?? 0) << (step >> 5);
      } else if (kind === 5) {
        const length = (bytes[at++] ?? 0) << (step >> 5);
        if (kcp.failure === undefined) sent += length;
        kcp.send(new Uint8Array(length));
      } else if (kind === 6) {
        for (let left = 64; left > 0; left--) {
          const piece = step & 64 ? kcp.receive() : kcp.read();
          if (piece === undefined) break;
          read += piece.length;
        }
        if (read > received) throw new Error('more was read than came');
      } else if (step & 64) {
        kcp.answerOnly();
        answersOnly = true;
      }
      if ((step & 16) === 0) {
        const before = out;
        const failed = kcp.failure !== undefined;
        kcp.update(now);
        if (failed && out !== before) throw new Error('a broken session speaks');
        if (!(kcp.deadlineMs > now)) throw new Error(`due at ${kcp.deadlineMs}, which is not after ${now}`);
        if (answersOnly && kcp.deadlineMs !== Number.POSITIVE_INFINITY) throw new Error('a timer, but it only answers');
      }
      if (options.limitUntilProven && !kcp.proven && out > paid) throw new Error(`sent ${out} for ${paid} bytes`);
      if (
        !(
          kcp.pendingBytes >= 0 &&
          kcp.unsentBytes >= 0 &&
          kcp.unsentBytes <= kcp.pendingBytes &&
          kcp.pendingBytes <= sent
        )
      ) {
        throw new Error(`${kcp.pendingBytes} pending, ${kcp.unsentBytes} unsent, of ${sent}`);
      }
    }
    return kcp.failure === undefined;
  }

  /** What one end of a real conversation goes through. */
  function recorded(byte, loss) {
    const script = [[byte]];
    const queues = [[], []];
    const options = optionsOf(byte);
    let count = 0;
    const ends = [0, 1].map((index) =>
      createKcp({
        ...options,
        ...(index === 1 && {
          limitUntilProven: false,
          firstSent: options.firstReceived,
          firstReceived: options.firstSent,
        }),
        output(datagram) {
          if (++count % loss !== 0) queues[1 - index].push(datagram.slice());
        },
      }),
    );
    let now = 5000;
    for (let turn = 0; turn < 8; turn++) {
      if (turn % 3 === 0) ends[1].send(new Uint8Array(12 * (turn + 1) ** 2));
      if (turn % 4 === 1) {
        ends[0].send(new Uint8Array(turn * 32));
        script.push([0x15 | (5 << 5), turn]);
      }
      ends[1].update(now);
      for (const datagram of queues[0].splice(0)) {
        script.push([0x30, datagram.length & 255, datagram.length >> 8], datagram);
        ends[0].input(datagram, now);
      }
      ends[0].update(now);
      script.push([4, 40], [6]);
      now += 40;
      while (ends[0].read() !== undefined);
      for (const datagram of queues[1].splice(0)) ends[1].input(datagram, now);
      while (ends[1].read() !== undefined);
    }
    return join(...script.map((part) => Uint8Array.from(part)));
  }

  const segment = (command, { frg = 0, wnd = 32, ts = 5000, sn = 0, una = 0, body = [] }) =>
    Uint8Array.from([
      ...word(CONV),
      command,
      frg,
      wnd,
      0,
      ...word(ts),
      ...word(sn),
      ...word(una),
      ...word(body.length),
      ...body,
    ]);
  return {
    run,
    maxBytes: 1500,
    seeds: [1, 3, 0x0c, 0x1d, 0x2b, 0x4c, 0xbf, 0x71].flatMap((byte) => [recorded(byte, 1000), recorded(byte, 5)]),
    tokens: [
      segment(0x51, { body: [1, 2, 3] }),
      segment(0x51, { sn: 1, frg: 1, body: [1] }),
      segment(0x52, { sn: 0 }),
      segment(0x52, { sn: 1, una: 1 }),
      segment(0x52, { sn: 3 }),
      segment(0x53, { wnd: 0 }),
      segment(0x54, { una: 2 }),
      Uint8Array.from([0x20, 24, 0]),
      Uint8Array.from([0x00, 48, 0]),
      Uint8Array.from([0xe4, 255]),
      Uint8Array.from([0x46]),
      Uint8Array.from([0x47]),
    ],
  };
}
