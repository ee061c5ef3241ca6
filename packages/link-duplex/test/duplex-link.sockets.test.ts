import { createConnection, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type LinkHandler, StmpError, type StreamLink } from '@stmp/contract';
import { duplexLink } from '@stmp/link-duplex';
import { describe, expect, it, vi } from 'vitest';

/** A duplex whose writes end when the test says so. */
class Manual extends Duplex {
  readonly written: string[] = [];
  merged = 0;
  #done: ((error?: Error | null) => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 << 20 });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: (error?: Error | null) => void): void {
    this.written.push(chunk.toString());
    this.#done = done;
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.merged++;
    this.#done = done;
    this.written.push(...chunks.map(({ chunk }) => chunk.toString()));
  }

  finish(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error ?? null);
  }
}

/** A duplex whose writes end at once, as those of a socket with an empty buffer. */
const eager = (): Duplex & { written: Buffer[] } => {
  const written: Buffer[] = [];
  return Object.assign(
    new Duplex({
      read() {},
      write(chunk: Buffer, _, done) {
        written.push(chunk);
        done();
      },
    }),
    { written },
  );
};

interface Log extends LinkHandler<Uint8Array> {
  readonly lines: string[];
}
const handler = (): Log => {
  const lines: string[] = [];
  return {
    lines,
    onData: (unit) => lines.push(`data ${Buffer.from(unit)}`),
    onDrain: () => lines.push('drain'),
    onClose: (reason?: StmpError) => lines.push(reason === undefined ? 'close' : `close ${reason.code}`),
  };
};
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const failed = (code: string): Error => Object.assign(new Error(code), { code });

describe('writing', () => {
  it('drops what has not begun to leave, and what comes after it leaves sooner', async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    link.start(handler());
    for (const unit of ['begun', 'waits', 'waits too']) link.send(text(unit));
    link.dropQueued?.();
    expect(link.queuedBytes).toBe(5);
    link.send(text('last word'));
    void link.close();
    // Closing has begun: now everything leaves.
    link.dropQueued?.();
    duplex.finish();
    await turn();
    duplex.finish();
    await turn();
    expect(duplex.written).toEqual(['begun', 'last word']);
    expect(duplex.writableFinished).toBe(true);
  });

  it('hands over one unit after the callback of the one before, never two at once', async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    link.start(handler());
    for (const unit of ['a', 'b', 'c']) link.send(text(unit));
    expect(duplex.written).toEqual(['a']);
    expect(link.queuedBytes).toBe(3);
    await turn();
    expect(duplex.written).toEqual(['a']);
    duplex.finish();
    await turn();
    expect(duplex.written).toEqual(['a', 'b']);
    duplex.finish();
    await turn();
    duplex.finish();
    await turn();
    expect(duplex.written).toEqual(['a', 'b', 'c']);
    expect(link.queuedBytes).toBe(0);
    expect(duplex.merged).toBe(0);
  });

  it('writes at once when the duplex holds nothing', () => {
    const duplex = eager();
    const link = duplexLink(duplex);
    for (let i = 0; i < 3; i++) link.send(text(`${i}`));
    expect(duplex.written.map(String)).toEqual(['0', '1', '2']);
  });

  it('keeps the order of thousands of waiting units', async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    const units = Array.from({ length: 3000 }, (_, i) => `${i}`);
    for (const unit of units) link.send(text(unit));
    for (let i = 0; i < units.length; i++) {
      duplex.finish();
      await turn();
    }
    expect(duplex.written).toEqual(units);
  });

  it.each([
    [10, [4, 4], [true, true]],
    [8, [4, 4], [true, true]],
    [7, [4, 4, 1], [true, false, false]],
    [1, [1, 1], [true, false]],
  ])('with highWaterBytes %i units of %j bytes give %j', (highWaterBytes, sizes, results) => {
    const link = duplexLink(new Manual(), { highWaterBytes });
    expect(sizes.map((size) => link.send(new Uint8Array(size)))).toEqual(results);
  });

  it('drains once the queue is at the mark again', async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex, { highWaterBytes: 4 });
    const log = handler();
    link.start(log);
    for (let i = 0; i < 4; i++) link.send(text('xxx'));
    for (const expected of [[], [], ['drain'], ['drain']]) {
      duplex.finish();
      await turn();
      expect(log.lines).toEqual(expected);
    }
  });

  it('lets go of a unit once it was written', async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    link.send(text('a'));
    const spy = vi.spyOn(duplex, 'write');
    link.send(text('b'));
    duplex.finish();
    await turn();
    expect(spy).toHaveBeenCalledTimes(1);
    duplex.finish();
    await turn();
    expect(link.queuedBytes).toBe(0);
  });
});

describe('the end', () => {
  it('flushes what waits before it ends the duplex', async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    link.start(handler());
    link.send(text('a'));
    link.send(text('b'));
    void link.close();
    await turn();
    expect(duplex.writableEnded).toBe(false);
    duplex.finish();
    await turn();
    expect(duplex.written).toEqual(['a', 'b']);
    expect(duplex.writableEnded).toBe(true);
  });

  it("flushes what waits when the peer's end was read, and takes what the last data has deferred", async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    const log = handler();
    link.start({
      ...log,
      onData(unit) {
        log.onData(unit);
        link.defer(() => link.send(text('answer')));
      },
    });
    link.send(text('a'));
    duplex.push('request');
    duplex.push(null);
    await turn();
    expect(log.lines).toEqual(['data request']);
    duplex.finish();
    await turn();
    expect(duplex.written).toEqual(['a', 'answer']);
    expect(() => link.send(text('too late'))).toThrow(expect.objectContaining({ code: 'link_closed' }));
    duplex.finish();
    await turn();
    await turn();
    expect(log.lines).toEqual(['data request', 'close']);
  });

  it.each(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'])('counts %s after close as orderly', async (code) => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    const log = handler();
    link.start(log);
    link.send(text('a'));
    void link.close();
    duplex.destroy(failed(code));
    await turn();
    expect(log.lines).toEqual(['close']);
  });

  it.each(['EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH'])('tells of %s on an open link', async (code) => {
    const duplex = new Manual();
    const log = handler();
    let reason: StmpError | undefined;
    duplexLink(duplex).start({ ...log, onClose: (why) => (reason = why) });
    const cause = failed(code);
    duplex.destroy(cause);
    await turn();
    expect(reason).toMatchObject({ code: 'link_failed', origin: 'link', cause });
    expect(reason?.message).toContain(code);
  });

  it('tells of another error after close', async () => {
    const duplex = new Manual();
    const log = handler();
    const link = duplexLink(duplex);
    link.start(log);
    void link.close();
    duplex.destroy(failed('EIO'));
    await turn();
    expect(log.lines).toEqual(['close link_failed']);
  });

  it('tells of a duplex that somebody else destroyed', async () => {
    const duplex = new Manual();
    const log = handler();
    duplexLink(duplex).start(log);
    duplex.destroy();
    await turn();
    expect(log.lines).toEqual(['close link_failed']);
  });

  it.each([
    ['destroyed', undefined, 'close link_failed'],
    ['failed', failed('ECONNRESET'), 'close link_failed'],
  ])('tells of a duplex that came %s', async (_, error, line) => {
    const duplex = new Manual();
    duplex.on('error', () => {});
    duplex.destroy(error);
    await turn();
    const link = duplexLink(duplex);
    const log = handler();
    link.start(log);
    expect(log.lines).toEqual([]);
    await turn();
    expect(log.lines).toEqual([line]);
    expect(() => link.send(text('x'))).toThrow(expect.objectContaining({ code: 'link_closed' }));
  });

  it('remembers a failure before start, and gives it as the cause of link_closed', async () => {
    const duplex = new Manual();
    const link = duplexLink(duplex);
    duplex.destroy(failed('ECONNRESET'));
    await turn();
    const log = handler();
    link.start(log);
    await turn();
    expect(log.lines).toEqual(['close link_failed']);
    expect(() => link.send(text('x'))).toThrow(
      expect.objectContaining({ code: 'link_closed', cause: expect.objectContaining({ code: 'link_failed' }) }),
    );
  });
});

describe('sockets', () => {
  async function pair(): Promise<{ link: StreamLink; socket: Socket; peer: Socket; close(): Promise<void> }> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const { port } = server.address() as { port: number };
    const peer = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
    const socket = await accepted;
    return {
      link: duplexLink(socket),
      socket,
      peer,
      async close() {
        peer.destroy();
        socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  it('answers a peer that has shut down its writing side', async () => {
    const { link, peer, close } = await pair();
    link.start({ onData: () => link.defer(() => link.send(text('echo'))), onDrain() {}, onClose() {} });
    peer.end('close');
    const got: Buffer[] = [];
    for await (const chunk of peer) got.push(chunk as Buffer);
    expect(Buffer.concat(got).toString()).toBe('echo');
    await close();
  });

  it('knows its peer after the end, though nobody asked before', async () => {
    const { link, peer, close } = await pair();
    const ended = new Promise((resolve) => link.start({ onData() {}, onDrain() {}, onClose: resolve }));
    peer.resetAndDestroy();
    await ended;
    expect(link.peer.address).toBe('127.0.0.1');
    expect(link.peer.port).toBeGreaterThan(0);
    await close();
  });

  it('shares its listeners among all links', async () => {
    const one = await pair();
    const two = await pair();
    for (const { link } of [one, two]) link.start(handler());
    for (const event of ['data', 'end', 'error', 'close']) {
      expect(one.socket.listeners(event).at(-1), event).toBe(two.socket.listeners(event).at(-1));
    }
    await one.close();
    await two.close();
  });

  it('states what it can', async () => {
    const { link, socket, close } = await pair();
    expect(link).toMatchObject({
      kind: 'stream',
      secure: false,
      safeWriteBytes: 65_536,
      canPause: true,
      queuedBytes: 0,
    });
    expect(duplexLink(socket, { secure: true }).safeWriteBytes).toBe(16_384);
    expect(duplexLink(socket, { safeWriteBytes: 44_032 }).safeWriteBytes).toBe(44_032);
    const peer = { address: 'somebody', port: 7 };
    expect(duplexLink(socket, { peer }).peer).toBe(peer);
    await close();
  });
});

describe('options', () => {
  it.each([
    [{ highWaterBytes: 0 }, RangeError, 'highWaterBytes must be an integer of at least 1, got 0'],
    [{ highWaterBytes: 1.5 }, RangeError, 'got 1.5'],
    [{ highWaterBytes: '1' as never }, TypeError, 'highWaterBytes must be a number, got string'],
    [{ safeWriteBytes: -1 }, RangeError, 'safeWriteBytes must be'],
    [{ safeUnreadBytes: 0 }, RangeError, 'safeUnreadBytes must be'],
  ])('%j is refused', (options, type, message) => {
    const make = (): unknown => duplexLink(new Manual(), options);
    expect(make).toThrow(type);
    expect(make).toThrow(message);
  });
});

describe('an error that the duplex explains', () => {
  const reasonOf = (error: Error): StmpError | undefined =>
    error.message === 'fine' ? undefined : new StmpError('link_failed', `it was ${error.message}`, { cause: error });

  it.each([
    ['fine', 'close'],
    ['EPIPE', 'close link_failed'],
  ])('%s: %s', async (message, expected) => {
    for (const begun of [false, true]) {
      const duplex = eager();
      const link = duplexLink(duplex, { reasonOf });
      const { lines, ...rest } = handler();
      link.start(rest);
      if (begun) void link.close();
      duplex.destroy(failed(message));
      await turn();
      expect(lines).toEqual([expected]);
    }
  });
});
