// `node client.mjs PLAN`: measures one kind after the other as the plan, a JSON text, says; answers with JSON on
// standard output. Run by run.mjs, behind the bad network or on the loopback.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'stmp';
import { addressOf, LineService, textOf } from './service.mjs';

const plan = JSON.parse(process.argv[2]);
/** Seconds on the clock that netlab's log has too. */
const monotonic = () => Number(process.hrtime.bigint()) / 1e9;

async function open(kind) {
  for (let attempt = 1; ; attempt++) {
    try {
      const client = await connect(addressOf(kind, plan.host, plan.port), {
        callTimeoutMs: 60_000,
        ...(kind !== 'tcp' && { kcp: { preset: kind } }),
      });
      return { service: client.service(LineService), close: () => client.connection?.abort() };
    } catch (error) {
      // The server may be starting, or the network have eaten a handshake.
      if (attempt === 50) throw error;
      await sleep(100);
    }
  }
}

/** Calls one at a time on each connection; the time of each call, also of those cut off at the end. */
async function latency(connections, ms, isKept) {
  const text = textOf(38);
  const until = performance.now() + ms;
  const times = [];
  const calls = connections.map(async ({ service }, index) => {
    // Not in step with each other.
    await sleep((index * 20) / connections.length);
    for (let id = 1000; performance.now() < until; id = 1000 + ((id + 1) % 1000)) {
      const from = performance.now();
      const call = service.echo({ id, text });
      const answer = await Promise.race([call, sleep(until + plan.patienceMs - from, undefined, { ref: false })]);
      if (answer !== undefined && (answer.id !== id || answer.text !== text)) throw new Error('a wrong answer');
      call.catch(() => {});
      if (isKept) times.push(performance.now() - from);
    }
  });
  await Promise.all(calls);
  return times;
}

/** Many large calls in flight on one connection; bytes per second that were answered for. */
async function goodput({ service }, ms) {
  const text = 'x'.repeat(plan.putBytes);
  const from = performance.now();
  const until = from + ms;
  let bytes = 0;
  let lastMs = from;
  const calls = Array.from({ length: plan.putDepth }, async (_, index) => {
    for (let id = 1000 + index; ; id += plan.putDepth) {
      const answer = await service.put({ id, text }).catch(() => undefined);
      if (performance.now() >= until) return;
      if (answer?.id !== id) throw new Error('a wrong answer');
      bytes += text.length;
      lastMs = performance.now();
    }
  });
  await Promise.race([Promise.all(calls), sleep(ms + 20)]);
  return bytes === 0 ? 0 : (bytes * 1000) / Math.max(lastMs - from, ms);
}

/** Small calls, many in flight on one connection; calls per second. */
async function load({ service }, depth, ms) {
  const text = textOf(38);
  const until = performance.now() + ms;
  let calls = 0;
  const loop = async (index) => {
    for (let id = 1000 + index; performance.now() < until; id = 1000 + ((id + 1) % 1000)) {
      if ((await service.echo({ id, text })).id !== id) throw new Error('a wrong answer');
      calls++;
    }
  };
  await Promise.all(Array.from({ length: depth }, (_, index) => loop(index)));
  return calls;
}

if (plan.loadDepth !== undefined) {
  const one = await open(plan.kinds[0]);
  await load(one, plan.loadDepth, plan.loadMs);
  process.once('message', async () => {
    process.send({ calls: await load(one, plan.loadDepth, plan.loadMs) });
  });
  process.on('disconnect', () => process.exit());
  process.send({ ready: true });
} else {
  const results = [];
  for (const kind of plan.kinds) {
    const result = { kind };
    // The handshakes of all at once would wait for one another on a thin line.
    const connections = [];
    for (let i = 0; i < plan.connections; i++) connections.push(open(kind));
    const opened = await Promise.all(connections);
    await latency(opened, plan.latencyMs / 5, false);
    let from = monotonic();
    result.times = (await latency(opened, plan.latencyMs, true)).map((ms) => Math.round(ms * 100) / 100);
    result.latencySpan = [from, monotonic()];
    for (const { close } of opened) close();
    const one = await open(kind);
    from = monotonic();
    result.bytesPerSecond = await goodput(one, plan.goodputMs);
    result.goodputSpan = [from, monotonic()];
    one.close();
    // What waits in the queue of the network goes before the next kind.
    await sleep(plan.pauseMs);
    results.push(result);
  }
  process.stdout.write(JSON.stringify(results), () => process.exit());
}
