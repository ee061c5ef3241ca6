import { type TransportFixture, transportCases } from '@stmp/conformance';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { failures } from './faults.js';

const never = (): Promise<never> => new Promise(() => {});
const sound: TransportFixture = {
  kind: 'stream',
  stallBytes: 1_000_000,
  bulkBytes: 500_000,
  timeoutMs: 200,
  async open(options) {
    const [a, b] = memoryPair({ kind: 'stream', ...options });
    return { a, b, async close() {} };
  },
};
const noop = { onData() {}, onDrain() {}, onClose() {} };

const ANY = 'an empty unit on a stream is harmless';
const messagesOf = async (change: Partial<TransportFixture>, ...names: readonly string[]): Promise<string[]> => {
  const cases = transportCases({ ...sound, ...change }).filter((c) => names.includes(c.name));
  expect(cases.length).toBe(names.length);
  return [...(await failures(cases)).values()];
};

describe('a slip of the fixture is told, and does not hang', () => {
  it('open that does not settle', async () => {
    expect(await messagesOf({ open: never }, ANY)).toEqual(["waited 200 ms in vain: the fixture's open()"]);
  });
  it('open that fails', async () => {
    const open = () => Promise.reject(new Error('EADDRINUSE'));
    expect(await messagesOf({ open }, ANY)).toEqual(['EADDRINUSE']);
  });
  it('open that gives nothing', async () => {
    const open = (async () => undefined) as never;
    expect(await messagesOf({ open }, ANY)).toEqual(["the fixture's open() must give { a, b, close }, got undefined"]);
  });
  it('open that gives one end twice', async () => {
    const open: TransportFixture['open'] = async () => {
      const [a] = memoryPair();
      return { a, b: a, async close() {} };
    };
    expect(await messagesOf({ open }, ANY)).toEqual([
      "the fixture's open() must give two links a and b, and a function close",
    ]);
  });
  it('open that starts a link', async () => {
    const open: TransportFixture['open'] = async () => {
      const [a, b] = memoryPair();
      b.start(noop);
      return { a, b, async close() {} };
    };
    expect(await messagesOf({ open }, ANY)).toEqual([
      "b was started before: the fixture's open() must not start the links it gives",
    ]);
  });
  it('close that does not settle', async () => {
    const open: TransportFixture['open'] = async (options) => ({ ...(await sound.open(options)), close: never });
    expect(await messagesOf({ open }, ANY)).toEqual([
      "waited 200 ms in vain: the fixture's close(), after both links were aborted",
    ]);
  });
  it('close that fails', async () => {
    const open: TransportFixture['open'] = async (options) => ({
      ...(await sound.open(options)),
      close: () => Promise.reject(new Error('not open')),
    });
    expect(await messagesOf({ open }, ANY)).toEqual(["the fixture's close() failed: Error: not open"]);
  });
  it('close that waits for links which nobody else ends', async () => {
    const open: TransportFixture['open'] = async (options) => {
      const pair = await sound.open(options);
      return { ...pair, close: async () => void (await Promise.all([pair.a.close(), pair.b.close()])) };
    };
    expect(await messagesOf({ open }, ANY, 'a link states its kind, flags and peer')).toEqual([]);
  });
  it('open that does not pass its options on', async () => {
    const open: TransportFixture['open'] = async () => sound.open({ highWaterBytes: 300_000 });
    const [message] = await messagesOf(
      { open },
      'send returns false above highWaterBytes, and queues the unit all the same',
    );
    expect(message).toContain("does the fixture's open() pass highWaterBytes on?");
  });
  it('something that is left open', async () => {
    const timers: NodeJS.Timeout[] = [];
    const open: TransportFixture['open'] = async (options) => {
      timers.push(
        setInterval(() => {}, 1_000),
        setInterval(() => {}, 1_000),
      );
      return sound.open(options);
    };
    try {
      const [message] = await messagesOf({ open }, ANY, 'nothing is left when all cases are over');
      expect(message).toBe(
        'after the cases that ran, all links aborted: expected nothing to be left behind, got 2 × Timeout (a timer or an interval that nobody cleared)',
      );
    } finally {
      for (const timer of timers) clearInterval(timer);
    }
  });
});
