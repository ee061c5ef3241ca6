// One client process: `node client.mjs KIND PORT`. It runs one workload at a time, as its parent says.
import { adapterOf } from './kinds.mjs';

const [kind, port] = [process.argv[2], Number(process.argv[3])];
const { open } = await adapterOf(kind);

const openMany = async (count, options) => {
  const all = [];
  for (let i = 0; i < count; i += 50) {
    const some = Array.from({ length: Math.min(50, count - i) }, () => open(port, options, kind));
    all.push(...(await Promise.all(some)));
  }
  return all;
};

const startedMs = performance.now();
let connections = [];
process.on('message', async ({ run, count = 1, depth = 1, bytes = 38, ms = 1000, listens = false, told = false }) => {
  if (run === 'open') {
    connections = await openMany(count, { bytes, listens });
    process.send({ open: connections.length });
  } else if (run === 'latency') {
    const [one] = connections;
    const times = [];
    const until = performance.now() + ms;
    for (let now = performance.now(); now < until; ) {
      await one.call();
      const after = performance.now();
      times.push(after - now);
      now = after;
    }
    times.sort((a, b) => a - b);
    process.send({
      calls: times.length,
      p50Us: times[times.length >> 1] * 1000,
      p99Us: times[Math.floor(times.length * 0.99)] * 1000,
    });
  } else if (run === 'load') {
    if (told && connections[0].callTold === undefined) {
      process.send({ calls: 0 });
      return;
    }
    let calls = 0;
    const from = performance.now();
    const cpu = process.cpuUsage();
    const until = from + ms;
    const loop = async (connection) => {
      while (performance.now() < until) {
        if (told) await connection.callTold();
        else await connection.call();
        calls++;
      }
    };
    const loops = [];
    for (const connection of connections) for (let i = 0; i < depth; i++) loops.push(loop(connection));
    await Promise.all(loops);
    const { user, system } = process.cpuUsage(cpu);
    process.send({ calls, seconds: (performance.now() - from) / 1000, cpuUs: user + system });
  } else if (run === 'connect') {
    // From nothing to the first answer, one after the other.
    const times = [];
    for (let i = 0; i < count; i++) {
      const from = performance.now();
      const one = await open(port, { bytes, listens }, kind);
      await one.call();
      times.push(performance.now() - from);
      await one.close();
    }
    times.sort((a, b) => a - b);
    process.send({ p50Us: times[times.length >> 1] * 1000 });
  } else if (run === 'first') {
    // Since this process began to load the adapter.
    const one = await open(port, { bytes, listens }, kind);
    await one.call();
    process.send({ ms: performance.now() - startedMs, sinceStartMs: performance.now() });
  } else if (run === 'events') {
    process.send({ events: connections.reduce((sum, one) => sum + one.events(), 0) });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
