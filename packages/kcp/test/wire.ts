/** A segment as a test writes it; whatever is absent is 0. */
export interface WireSegment {
  conv?: number;
  cmd: 'push' | 'ack' | 'ask' | 'tell';
  frg?: number;
  wnd?: number;
  ts?: number;
  sn?: number;
  una?: number;
  body?: string | Uint8Array;
}

const COMMANDS = { push: 0x51, ack: 0x52, ask: 0x53, tell: 0x54 } as const;
const NAMES = { 81: 'push', 82: 'ack', 83: 'ask', 84: 'tell' } as const;
export const CONV = 0x11223344;

/** An encoder of its own, so that a fault of the package does not cancel out. */
export function wire(...segments: WireSegment[]): Uint8Array {
  const parts = segments.map(({ conv = CONV, cmd, frg = 0, wnd = 32, ts = 0, sn = 0, una = 0, body = '' }) => {
    const data = Buffer.from(body as string);
    const head = Buffer.alloc(24);
    head.writeUInt32LE(conv, 0);
    head.writeUInt8(COMMANDS[cmd], 4);
    head.writeUInt8(frg, 5);
    head.writeUInt16LE(wnd, 6);
    head.writeUInt32LE(ts, 8);
    head.writeUInt32LE(sn, 12);
    head.writeUInt32LE(una, 16);
    head.writeUInt32LE(data.length, 20);
    return Buffer.concat([head, data]);
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** The segments of a datagram, one line each: `push frg wnd ts sn una body`. */
export function read(datagram: Uint8Array): string[] {
  const bytes = Buffer.from(datagram);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 20);
    const name = NAMES[bytes.readUInt8(at + 4) as keyof typeof NAMES] ?? '?';
    const body = bytes.subarray(at + 24, at + 24 + length).toString('latin1');
    const shown = body.length > 20 ? `${body.length} bytes` : body;
    const numbers = [bytes.readUInt8(at + 5), bytes.readUInt16LE(at + 6)];
    for (const field of [8, 12, 16]) numbers.push(bytes.readUInt32LE(at + field));
    lines.push(
      `${name} frg=${numbers[0]} wnd=${numbers[1]} ts=${numbers[2]} sn=${numbers[3]} una=${numbers[4]} ${shown}`,
    );
    at += 24 + length;
  }
  return lines.map((line) => line.trim());
}
