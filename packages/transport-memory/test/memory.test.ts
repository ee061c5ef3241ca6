import type { Acceptor, Link, MessageLink, StmpError, StreamLink } from '@stmp/contract';
import { createMemoryHub, memoryDialer, memoryListener, memoryPair, memoryTransport } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';

type AnyLink = StreamLink | MessageLink;

/** Starts a link and writes down what its handler hears. */
function log(link: Link, name = '', lines: string[] = []): string[] {
  (link as StreamLink).start({
    onData: (unit) => lines.push(`${name}${typeof unit === 'string' ? unit : [...unit].join(' ')}`),
    onDrain: () => lines.push(`${name}drain`),
    onClose: (reason) => lines.push(`${name}close ${reason?.code ?? 'in order'}`),
  });
  return lines;
}

/** All microtasks that are due, and those that they queue. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('memoryPair', () => {
  it('hands over the very same arrays', async () => {
    const [a, b] = memoryPair();
    const got: Uint8Array[] = [];
    b.start({ onData: (unit) => got.push(unit), onDrain() {}, onClose() {} });
    const unit = bytes(1, 2);
    a.send(unit);
    expect(got).toEqual([]);
    await settle();
    expect(got[0]).toBe(unit);
  });

  it('cuts units as it is told', async () => {
    const [a, b] = memoryPair({ chunk: (unit) => [unit.subarray(0, 1), unit.subarray(1, 1), unit.subarray(1)] });
    const lines = log(b);
    a.send(bytes(1, 2, 3));
    await settle();
    expect(lines).toEqual(['1', '2 3']);
  });

  it('works in a fixed order', async () => {
    const run = async (): Promise<string[]> => {
      const [a, b] = memoryPair({ highWaterBytes: 3 });
      const lines = log(a, 'a: ');
      b.pause();
      log(b, 'b: ', lines);
      a.send(bytes(1, 2));
      a.send(bytes(3, 4));
      b.send(bytes(9));
      await settle();
      lines.push('resume');
      b.resume();
      await settle();
      a.send(bytes(5));
      void a.close();
      await settle();
      return lines;
    };
    const expected = [
      'a: 9',
      'resume',
      'b: 1 2',
      'b: 3 4',
      'a: drain',
      'b: 5',
      'b: close in order',
      'a: close in order',
    ];
    expect(await run()).toEqual(expected);
    expect(await run()).toEqual(expected);
  });

  it('counts what the other end has not taken', async () => {
    const [a, b] = memoryPair({ highWaterBytes: 4 });
    expect([a.send(bytes(1, 2, 3, 4)), a.send(bytes(5))]).toEqual([true, false]);
    expect([a.queuedBytes, b.queuedBytes]).toEqual([5, 0]);
    const lines = log(a, 'a: ');
    log(b, 'b: ', lines);
    await settle();
    expect(a.queuedBytes).toBe(0);
    expect(lines).toEqual(['b: 1 2 3 4', 'b: 5', 'a: drain']);
  });

  it('tells the other end of an abort as a failed link, at once', async () => {
    const [a, b] = memoryPair();
    const lines = log(a, 'a: ');
    b.pause();
    log(b, 'b: ', lines);
    a.send(bytes(1));
    a.abort({ code: 'protocol_error' } as StmpError);
    expect(lines).toEqual([]);
    await settle();
    expect(lines).toEqual(['a: close protocol_error', 'b: close link_failed']);
  });

  it('states what it is', () => {
    const [a, b] = memoryPair({ port: 7 });
    for (const link of [a, b]) expect(link).toMatchObject({ kind: 'stream', secure: false, canPause: true });
    expect(b.peer).toEqual({ address: 'memory', port: 7, localAddress: 'memory', localPort: 0 });
    expect(a.peer).toEqual({ address: 'memory', port: 0, localAddress: 'memory', localPort: 7 });
    expect(memoryPair()[1].peer.port).toBe(1);
  });

  it('gives the hello to both ends of a message link alone', () => {
    const hello = { headers: [['Accept', 'application/json']] } as const;
    for (const link of memoryPair({ kind: 'message', hello })) expect(link.hello).toBe(hello);
    for (const link of memoryPair({ kind: 'stream', hello })) expect(link.hello).toBeUndefined();
    for (const link of memoryPair({ kind: 'message' })) expect(link.hello).toBeUndefined();
  });

  it.each([
    [{ kind: 'datagram' }, TypeError, "kind must be 'stream' or 'message', got datagram"],
    [{ highWaterBytes: 0 }, RangeError, 'highWaterBytes must be an integer of at least 1, got 0'],
    [{ highWaterBytes: '1' }, TypeError, 'highWaterBytes must be a number, got string'],
    [{ maxUnitBytes: 0.5 }, RangeError, 'maxUnitBytes must be'],
    [{ chunk: 3 }, TypeError, 'chunk must be a function, got number'],
  ])('refuses %j', (options, type, message) => {
    expect(() => memoryPair(options as never)).toThrow(type);
    expect(() => memoryPair(options as never)).toThrow(message);
  });
});

describe('hub', () => {
  const collect = (): Acceptor & { links: AnyLink[] } => {
    const links: AnyLink[] = [];
    return { links, onLink: (link) => void links.push(link) };
  };

  it('joins dialers and listeners by name', async () => {
    const hub = createMemoryHub();
    const dialer = memoryDialer(hub, { kind: 'message' });
    const acceptor = collect();
    const listening = await memoryListener(hub).listen('memory://room', acceptor);
    expect(listening.address).toBe('memory://room');
    expect(hub.addresses).toEqual(['memory://room']);
    const a = (await dialer.dial(listening.address)) as MessageLink;
    const lines = log(acceptor.links[0] as AnyLink);
    a.send('hello');
    await settle();
    expect(lines).toEqual(['hello']);
    await dialer.dial('memory://room/');
    expect(acceptor.links.map((link) => link.peer.port)).toEqual([1, 2]);
  });

  it('passes the hello and keeps to the limits of each end', async () => {
    const { dialer, listener } = memoryTransport({ kind: 'message' });
    const acceptor = collect();
    await listener.listen('memory://x', { ...acceptor, maxUnitBytes: 3 });
    const hello = { headers: [] };
    const a = (await dialer.dial('memory://x', { hello, maxUnitBytes: 5 })) as MessageLink;
    const b = acceptor.links[0] as MessageLink;
    expect(b.hello).toBe(hello);
    const lines = log(a, 'a: ');
    log(b, 'b: ', lines);
    b.send(bytes(1, 2, 3, 4, 5));
    a.send('abc');
    await settle();
    a.send('abcd');
    await settle();
    expect(lines).toEqual(['a: 1 2 3 4 5', 'b: abc', 'b: close too_large', 'a: close link_failed']);
  });

  it('wants a hub, not its options', () => {
    expect(() => memoryDialer({ addresses: [] })).toThrow('hub must come from createMemoryHub()');
    expect(() => memoryListener({ addresses: [] })).toThrow(TypeError);
  });

  it('knows when nobody listens, or somebody does already', async () => {
    const hub = createMemoryHub();
    const [dialer, listener] = [memoryDialer(hub), memoryListener(hub)];
    await expect(dialer.dial('memory://x')).rejects.toMatchObject({ code: 'dial_failed' });
    const listening = await listener.listen('memory://x', collect());
    await expect(listener.listen('memory://x', collect())).rejects.toMatchObject({ code: 'listen_failed' });
    await listening.close();
    await expect(dialer.dial('memory://x')).rejects.toMatchObject({ code: 'dial_failed' });
    const again = await listener.listen('memory://x', collect());
    await listening.close();
    await dialer.dial(again.address);
  });

  it.each(['memory://', 'memory:x', 'tcp://x', 'memory://a/b', 'memory://a?b', ''])(
    'refuses the address %j',
    async (address) => {
      const { dialer, listener } = memoryTransport();
      await expect(dialer.dial(address)).rejects.toThrow(TypeError);
      await expect(listener.listen(address, collect())).rejects.toThrow('address must be memory://name');
    },
  );
});
