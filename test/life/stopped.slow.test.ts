// Processes that stand still for longer than their patience, while the peer goes on talking.
import { type Client, type ConnectionEnd, connect } from '@stmp/connection';
import { jsonCodec } from '@stmp/payload-json';
import { kcpDialer } from '@stmp/transport-kcp';
import { tcpDialer } from '@stmp/transport-tcp';
import { wsDialer } from '@stmp/transport-ws';
import { afterEach, describe, expect, it } from 'vitest';
import { startProcess } from './processes.js';
import { SilentService } from './silent-service.js';

const TALKS = { pingIntervalMs: 500, idleTimeoutMs: 30_000 };
const JUDGES = { pingIntervalMs: 500, idleTimeoutMs: 3_000 };
const STANDS_STILL_MS = 4_500;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server process, and a client of each of its addresses. */
async function meet(theirs: typeof TALKS, ours: typeof TALKS) {
  const server = await startProcess('test/life/silent-process.ts', JSON.stringify(theirs));
  cleanups.push(() => server.kill());
  const { addresses, ca } = server.hello;
  const ends = new Map<string, ConnectionEnd>();
  const clients = new Map<string, Client>();
  for (const address of addresses!.split(' ')) {
    const scheme = new URL(address).protocol;
    const tls = /^(tls|wss|kcps):/.test(address) ? { tls: { ca } } : {};
    const client = await connect(address, {
      codecs: [jsonCodec()],
      keepalive: ours,
      dialers: [tcpDialer(tls), wsDialer(tls), kcpDialer({ ...tls, idleTimeoutMs: ours.idleTimeoutMs })],
      hooks: { onClose: (_, end) => void ends.set(scheme, end) },
    });
    clients.set(scheme, client);
    cleanups.push(() => client.close());
  }
  return { server, clients, ends };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Stands still at the place in Node's loop behind which timers come next, before what lies in sockets is read. */
const blocked = (): Promise<unknown> =>
  new Promise<void>((resolve) =>
    setImmediate(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDS_STILL_MS);
      resolve();
    }),
  );

describe('a process that stood still', () => {
  it('reads what the peer has said meanwhile before it judges its silence, or the deadline of a call', async () => {
    const { clients, ends } = await meet(TALKS, JUDGES);
    const calls = [...clients].map(async ([scheme, client]) => {
      await client.service(SilentService).later({ ms: 300 }, { timeoutMs: 2_000 });
      return scheme;
    });
    // The requests leave, and no answer is there yet.
    await sleep(100);
    await blocked();
    const settled = await Promise.allSettled(calls);
    expect(settled.map((call) => (call.status === 'fulfilled' ? call.value : String(call.reason)))).toEqual([
      ...clients.keys(),
    ]);
    await sleep(300);
    expect([...ends.keys()]).toEqual([]);
  });

  it('does so on the server, stopped by a signal', async () => {
    const { server, clients, ends } = await meet(JUDGES, TALKS);
    server.child.kill('SIGSTOP');
    await sleep(STANDS_STILL_MS);
    server.child.kill('SIGCONT');
    const answers = await Promise.all(
      [...clients.values()].map((client) => client.service(SilentService).later({ ms: 300 })),
    );
    expect(answers).toEqual([...clients].map(() => ({ ended: 0 })));
    expect([...ends.keys()]).toEqual([]);
  });
});
