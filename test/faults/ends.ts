import { setTimeout as sleep } from 'node:timers/promises';
import { prepareEvent } from '@stmp/connection';
import { startLoad, until } from '../life/load.js';
import { startProcess, startServer, withFolder } from '../life/processes.js';
import { LoadEvents, LoadService } from '../life/service.js';
import {
  closeAll,
  closed,
  HELLO,
  keepCalling,
  newClient,
  newClients,
  rawSocket,
  startBench,
  startProxy,
} from './bench.js';
import type { FaultCase } from './kit.js';

/** Ends that vanish, one way or another. */
export const END_CASES: readonly FaultCase[] = [
  {
    name: 'kill -9 of the server',
    run: (scale, tally) =>
      withFolder(async (folder) => {
        const first = await startServer(folder, 'first');
        let second = first;
        const load = startLoad({ url: `tcp://127.0.0.1:${first.port}`, everyMs: 100, workMs: 30 });
        try {
          await load.open(scale.clients);
          await sleep(scale.trafficMs);
          const before = load.fulfilled.size;
          await first.kill();
          second = await startServer(folder, 'second', first.port);
          await until('all ready again', () => load.clients.every(({ state }) => state.name === 'ready'), 30_000);
          await sleep(scale.trafficMs);
          await load.stop();
          const records = [first.record(), second.record()];
          for (const { begun, ended } of records) {
            for (const [id, count] of begun) for (let i = 0; i < count; i++) tally.begin(id);
            for (const id of ended.keys()) tally.end(id);
          }
          for (let id = 1; id <= load.made(); id++)
            await tally.call(async () => {
              if (load.fulfilled.has(id)) return { id };
              throw load.failed.get(id);
            });
          tally.wrong += load.wrong();
          tally.figures.fulfilledBefore = before;
          tally.figures.fulfilledAfter = load.fulfilled.size - before;
        } finally {
          await load.close();
          await Promise.all([first.kill(), second.kill()]);
        }
      }),
  },
  {
    name: 'kill -9 of the clients',
    async run(scale, tally) {
      const bench = await startBench(tally);
      const others = await newClients(2, bench.port);
      const stop = keepCalling(tally, others, 20);
      const worker = await startProcess('test/life/client-process.ts', String(bench.port), String(scale.clients));
      try {
        await until('calls of the process', () => bench.running() >= scale.clients * 5);
        tally.figures.killedWith = bench.running();
        await worker.kill();
        await until('connections gone', () => bench.server.connections.size === 2);
        // Their handlers were told.
        await until('handlers gone', () => bench.running() <= 10);
      } finally {
        await worker.kill();
        await stop();
        await closeAll(others);
        await bench.close();
      }
      tally.figures.running = bench.running();
      if (bench.running() !== 0) throw new Error(`${bench.running()} handlers still run`);
    },
  },
  {
    name: 'half-open peer',
    async run(scale, tally) {
      const keepalive = { pingIntervalMs: 50, idleTimeoutMs: 250 };
      const bench = await startBench(tally, { keepalive });
      const proxy = await startProxy(bench.port);
      const clients = await newClients(scale.clients, proxy.port, { keepalive, connectTimeoutMs: 300 });
      try {
        const stop = keepCalling(tally, clients, 20);
        await sleep(scale.trafficMs);
        proxy.silent = true;
        const startMs = performance.now();
        await until(
          'both ends know',
          () => bench.server.connections.size === 0 && clients.every(({ state }) => state.name !== 'ready'),
        );
        tally.figures.noticedMs = Math.round(performance.now() - startMs);
        await stop();
        proxy.silent = false;
        await until('all ready again', () => clients.every(({ state }) => state.name === 'ready'), 30_000);
      } finally {
        await closeAll(clients);
        await bench.close();
        await proxy.close();
      }
    },
  },
  {
    name: 'stalled reader',
    async run(scale, tally) {
      const bench = await startBench(tally, { maxQueuedBytes: 262_144 });
      const clients = await newClients(scale.clients, bench.port);
      let events = 0;
      for (const client of clients) client.on(LoadEvents, { tick: () => void events++ });
      const stalled = await rawSocket(bench.port);
      stalled.write(HELLO);
      stalled.pause();
      await until('handshake', () => bench.server.connections.size === scale.clients + 1);
      const [slow] = [...bench.server.connections].slice(-1);
      const stop = keepCalling(tally, clients, 20);
      try {
        const headers = [['Pad', 'x'.repeat(10_000)]] as const;
        let sent = 0;
        let mostBuffered = 0;
        while (slow!.isOpen && sent < 5_000) {
          const event = prepareEvent(LoadEvents.methods.tick, { n: ++sent }, headers);
          for (const connection of bench.server.connections) connection.sendPrepared(event);
          mostBuffered = Math.max(mostBuffered, slow!.bufferedBytes);
          await new Promise((resolve) => setImmediate(resolve));
        }
        const end = await slow!.closed;
        await until('events', () => events === sent * clients.length);
        tally.figures.events = events;
        tally.figures.mostBuffered = mostBuffered;
        if (end.status !== 0x25) throw new Error(`the stalled reader was not disconnected, status ${end.status}`);
        // What may wait, and what the link had taken.
        if (mostBuffered > 262_144 + 350_000) throw new Error(`${mostBuffered} bytes were buffered`);
      } finally {
        await stop();
        stalled.destroy();
        await closed(stalled);
        await closeAll(clients);
        await bench.close();
      }
    },
  },
  {
    name: 'connect and abort',
    async run(scale, tally) {
      const bench = await startBench(tally);
      let ready = 0;
      let aborted = 0;
      try {
        const BATCH = 50;
        for (let done = 0; done < scale.cycles; done += BATCH) {
          const cycles = Array.from({ length: BATCH }, async (_, i) => {
            const abort = new AbortController();
            const client = newClient(bench.port, { reconnect: false });
            const connecting = client.connect({ signal: abort.signal });
            // At every stage: before the dial, in it, in the handshake, when it is ready, with a call under way.
            const turns = (done + i) % 12;
            for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
            if (turns > 9) await connecting;
            const call = turns > 10 ? tally.call((id) => client.service(LoadService).work({ id, ms: 5 })) : undefined;
            abort.abort();
            await connecting.then(
              () => ready++,
              () => aborted++,
            );
            await client.close();
            await call;
          });
          await Promise.all(cycles);
        }
        await until('no connection is left', () => bench.server.counters().connectionsOpen === 0);
        tally.figures.ready = ready;
        tally.figures.aborted = aborted;
        if (ready + aborted !== scale.cycles) throw new Error('a connect did not settle');
      } finally {
        await bench.close();
      }
    },
  },
];
