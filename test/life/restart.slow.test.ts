import { Status } from '@stmp/contract';
import { expect, it } from 'vitest';
import { startBalancer } from './balancer.js';
import { startLoad, until } from './load.js';
import { startServer, withFolder } from './processes.js';

const MOVED = 250;
const STAYING = 20;
const WINDOW_MS = 1_000;
const BUCKET_MS = 100;

interface Figures {
  /** Reconnects in each 100 ms. */
  readonly buckets: number[];
  readonly summary: string;
  /** How long one of the processes stood still: nobody gave it the processor. */
  readonly stallMs: number;
}

/** Two servers behind a balancer; one is drained and started again while clients call and listen. */
function restart(): Promise<Figures> {
  return withFolder(async (folder) => {
    const balancer = await startBalancer();
    const load = startLoad({ url: `tcp://127.0.0.1:${balancer.port}`, everyMs: 500, workMs: 60 });
    const first = await startServer(folder, 'first');
    const second = await startServer(folder, 'second');
    let again = second;
    try {
      balancer.backends = [first.port];
      await load.open(MOVED);
      balancer.backends = [second.port];
      await load.open(STAYING);
      balancer.backends = [first.port, second.port];
      await until('traffic', () => load.fulfilled.size > 300);
      const eventsBefore = load.events();

      const arrived = balancer.arrivals.length;
      let stallMs = 0;
      let lastMs = performance.now();
      const watching = setInterval(() => {
        const nowMs = performance.now();
        stallMs = Math.max(stallMs, nowMs - lastMs - 10);
        lastMs = nowMs;
      }, 10);
      first.child.on('message', (message: { stallMs: number }) => {
        stallMs = Math.max(stallMs, message.stallMs);
      });
      first.child.send({ drain: WINDOW_MS });
      // It ends by itself: nothing is left in it that could hold it.
      expect(await first.ended).toBe(0);
      clearInterval(watching);
      again = await startServer(folder, 'again');
      balancer.backends = [again.port, second.port];
      await until('all ready', () => load.clients.every(({ state }) => state.name === 'ready'));
      const calls = load.made();
      await until('traffic after it', () => load.made() > calls + 100);
      await load.stop();

      // What began was answered, once, and what was answered ran once.
      const records = [first.record(), second.record(), again.record()];
      const begun = records.flatMap((record) => [...record.begun.entries()]);
      const lost = begun.filter(([id]) => !load.fulfilled.has(id));
      const ran = new Map<number, number>();
      for (const [id, count] of begun) ran.set(id, (ran.get(id) ?? 0) + count);
      const twice = [...ran.values()].filter((count) => count > 1).length;
      const made = [...load.fulfilled].filter((id) => ran.get(id) !== 1).length;
      expect({ lost: lost.length, twice, fulfilledWithoutRunning: made, wrong: load.wrong() }).toEqual({
        lost: 0,
        twice: 0,
        fulfilledWithoutRunning: 0,
        wrong: 0,
      });
      expect(load.fulfilled.size + load.failed.size).toBe(load.made());
      // A call that crossed the end of the window never began, and says so.
      expect([...load.failed.values()].filter(({ status }) => status !== Status.ServerShutdown)).toEqual([]);
      expect([...load.failed.keys()].filter((id) => ran.has(id))).toEqual([]);
      expect(first.record().begun.size).toBeGreaterThan(200);
      expect(load.events()).toBeGreaterThan(eventsBefore);

      const times = balancer.arrivals.slice(arrived);
      expect(times.length).toBeGreaterThanOrEqual(MOVED);
      const buckets = Array<number>(Math.floor((times.at(-1)! - times[0]!) / BUCKET_MS) + 1).fill(0);
      for (const time of times) buckets[Math.floor((time - times[0]!) / BUCKET_MS)]!++;
      const summary = `${load.made()} calls, ${load.failed.size} failed, ${lost.length} lost; reconnects in each ${BUCKET_MS} ms: ${buckets.join(' ')}`;
      return { buckets, summary, stallMs };
    } finally {
      await load.close();
      await Promise.all([first.kill(), second.kill(), again.kill()]);
      await balancer.close();
    }
  });
}

const title = 'a server is restarted under load: no call is lost, and clients move evenly';
it(title, async (context) => {
  const limit = (2 * MOVED) / (WINDOW_MS / BUCKET_MS);
  let judged = false;
  // The schedule itself is exact (see the tables of draining). Here a busy machine may be late: up to three times.
  for (let run = 1; run <= 3; run++) {
    const { buckets, summary, stallMs } = await restart();
    console.log(`run ${run}: ${summary}; longest standstill ${Math.round(stallMs)} ms`);
    if (Math.max(...buckets) <= limit) return;
    if (stallMs < BUCKET_MS / 5) judged = true;
  }
  if (!judged) context.skip('the machine was too busy in all three runs to judge when clients came');
  expect.fail(`more than ${limit} clients came in one bucket, three times`);
});
