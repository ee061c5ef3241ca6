import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../life/load.js';
import { LoadService } from '../life/service.js';
import { closeAll, newClients, startBench } from './bench.js';
import type { FaultCase } from './kit.js';

/** What 65,535 ids have to carry. */
export const ID_CASES: readonly FaultCase[] = [
  {
    name: '65,535 pending calls',
    async run(_scale, tally) {
      const ALL = 65_535;
      // Handlers wait for a word; all run at once.
      let release: () => void = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const bench = await startBench(tally, { maxConcurrentHandlers: ALL });
      bench.server.use(async (_call, next) => {
        await released;
        return next();
      });
      const [client] = await newClients(1, bench.port, { callTimeoutMs: 120_000 });
      try {
        const calls = Array.from({ length: ALL }, () =>
          tally.call((id) => client!.service(LoadService).work({ id, ms: 0 })),
        );
        if (client!.connection!.pendingCalls !== ALL)
          throw new Error(`${client!.connection!.pendingCalls} are pending`);
        const code = await client!
          .service(LoadService)
          .work({ id: 0, ms: 0 })
          .then(
            () => 'fulfilled',
            (error: { code: string }) => error.code,
          );
        if (code !== 'too_many_calls' && code !== 'no_free_id') throw new Error(`one more was ${code}`);
        await until('all there', () => bench.server.counters().callsIn === ALL, 20_000);
        tally.figures.pending = client!.connection!.pendingCalls;
        release();
        await Promise.all(calls);
        // All ids are free again.
        await Promise.all(
          Array.from({ length: 1_000 }, () => tally.call((id) => client!.service(LoadService).work({ id, ms: 0 }))),
        );
      } finally {
        release();
        await closeAll([client!]);
        await bench.close();
      }
    },
  },
  {
    name: 'ids wrap, answers come late',
    async run(scale, tally) {
      const bench = await startBench(tally);
      const [client] = await newClients(1, bench.port);
      try {
        // Every tenth call is given up long before its answer, while ids go round.
        const total = Math.max(100_000, scale.calls * 3);
        const late: Promise<void>[] = [];
        let made = 0;
        while (made < total) {
          const calls: Promise<void>[] = [];
          for (let i = 0; i < 1_000; i++, made++) {
            if (made % 100 === 0) {
              late.push(tally.call((id) => client!.service(LoadService).work({ id, ms: 300 }, { timeoutMs: 20 })));
            } else calls.push(tally.call((id) => client!.service(LoadService).work({ id, ms: 0 })));
          }
          await Promise.all(calls);
          // Never more of them at once than handlers may run.
          if (late.length >= 50) await sleep(1);
        }
        await Promise.all(late);
        tally.figures.timesRound = Math.floor(total / 65_535);
        tally.figures.late = late.length;
      } finally {
        await sleep(350);
        await closeAll([client!]);
        await bench.close();
      }
    },
  },
  {
    name: 'limit 1 with call-backs',
    async run(scale, tally) {
      const bench = await startBench(tally, { maxConcurrentHandlers: 1 });
      const clients = await newClients(4, bench.port, { maxConcurrentHandlers: 1 });
      let back = 0;
      try {
        bench.server.use(async (call, next) => {
          const { id } = (await call.connection.service(LoadService).work({ id: ++back, ms: 0 })) as { id: number };
          if (id < 0) throw new Error('never');
          return next();
        });
        for (const client of clients) client.implement(LoadService, { work: async ({ id }) => ({ id }) });
        const each = Math.ceil(scale.calls / clients.length);
        await Promise.all(
          clients.map(async (client) => {
            for (let made = 0; made < each; made += 100) {
              await Promise.all(
                Array.from({ length: 100 }, () => tally.call((id) => client.service(LoadService).work({ id, ms: 0 }))),
              );
            }
          }),
        );
        tally.figures.callsBack = back;
      } finally {
        await closeAll(clients);
        await bench.close();
      }
    },
  },
];
