// Interleaved benchmarks of stmp beside bare echoes. See README.md in this folder.
import { fork, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { adapterOf, DEFAULT_KINDS, KINDS, PEERS, peersAreInstalled } from './kinds.mjs';
import { measureWorst, printWorst } from './worst/run.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string' },
    json: { type: 'string' },
    kinds: { type: 'string', default: DEFAULT_KINDS.join() },
    peers: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(values.rounds);
const MS = Number(values.seconds) * 1000;
const asked = values.peers ? [...KINDS.keys()] : values.kinds.split(',');
const kinds = [];
for (const kind of asked) {
  if (!KINDS.has(kind)) throw new RangeError(`kinds: expected some of ${[...KINDS.keys()].join()}, got ${kind}`);
  if (PEERS.includes(kind) && !peersAreInstalled()) {
    console.log(`left out: ${kind}, since the peers are not installed (npm run bench:peers)`);
    continue;
  }
  const { available = () => true } = await adapterOf(kind);
  if (available()) kinds.push(kind);
  else console.log(`left out: ${kind}, for which this machine lacks a program`);
}
const wanted = (name) => values.only === undefined || values.only.split(',').includes(name);
const pinned = spawnSync('taskset', ['-c', '1', 'true']).status === 0;

// A halted core takes tens of microseconds to wake, most of all in a virtual machine, which would be counted as ours:
// idle-priority loops keep both cores awake and take no time from anybody.
const awake = pinned && spawnSync('chrt', ['-i', '0', 'true']).status === 0;
if (awake) {
  for (const core of ['0', '1']) {
    const loop = spawn('chrt', ['-i', '0', 'taskset', '-c', core, process.execPath, '-e', 'for (;;);'], {
      stdio: 'ignore',
    });
    process.on('exit', () => loop.kill('SIGKILL'));
    loop.unref();
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
}

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function child(file, args, core) {
  const process = fork(at(file), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: ['--expose-gc'] });
  if (pinned) spawnSync('taskset', ['-c', '-p', String(core), String(process.pid)]);
  const next = () =>
    new Promise((resolve, reject) => {
      process.once('message', resolve);
      process.once('exit', (code) => reject(new Error(`${file} ${args.join(' ')} exited with ${code}`)));
    });
  return {
    next,
    ask(message) {
      const answer = next();
      process.send(message);
      return answer;
    },
    stop: () => process.disconnect(),
  };
}

async function pair(kind, work) {
  const server = child('server.mjs', [kind], 0);
  const { port, broadcasts } = await server.next();
  const client = child('client.mjs', [kind, String(port)], 1);
  await client.next();
  try {
    return await work(server, client, port, broadcasts);
  } finally {
    client.stop();
    server.stop();
  }
}

async function load(kind, { count, depth, bytes, told = false }) {
  return pair(kind, async (server, client) => {
    await client.ask({ run: 'open', count, bytes });
    const warm = await client.ask({ run: 'load', depth, told, ms: Math.max(500, MS / 2) });
    if (warm.calls === 0) return undefined;
    await server.ask('start');
    const { calls, seconds, cpuUs: clientUs } = await client.ask({ run: 'load', depth, told, ms: MS });
    const { cpuUs } = await server.ask('cpu');
    return { cpuUsPerCall: cpuUs / calls, clientUsPerCall: clientUs / calls, callsPerSecond: calls / seconds };
  });
}

async function latency(kind) {
  return pair(kind, async (_, client) => {
    await client.ask({ run: 'open' });
    await client.ask({ run: 'latency', ms: MS / 2 });
    const { p50Us, p99Us } = await client.ask({ run: 'latency', ms: MS });
    return { p50Us, p99Us };
  });
}

async function broadcast(kind) {
  return pair(kind, async (server, client, _, broadcasts) => {
    if (!broadcasts) return undefined;
    await client.ask({ run: 'open', count: 1000, listens: true });
    await server.ask({ broadcast: 20, everyMs: 20 });
    const { cpuUs, delivered } = await server.ask({ broadcast: 50, everyMs: 20 });
    const { events } = await client.ask({ run: 'events' });
    if (events < delivered) throw new Error(`${kind}: ${events} of ${delivered} events arrived`);
    return { cpuUsPerDelivery: cpuUs / delivered };
  });
}

async function idle(kind) {
  return pair(kind, async (server, client) => {
    await client.ask({ run: 'open', count: 200 });
    const before = await server.ask('rss');
    await client.ask({ run: 'open', count: 4000 });
    const after = await server.ask('rss');
    return {
      rssPerConnection: (after.rss - before.rss) / 4000,
      heapPerConnection: (after.heap - before.heap) / 4000,
    };
  });
}

/** From dialing to the first answer. */
async function connecting(kind) {
  return pair(kind, async (_, client) => {
    await client.ask({ run: 'connect', count: 20 });
    return client.ask({ run: 'connect', count: 100 });
  });
}

/** From the start of a process, through its imports, to its first answer. */
async function coldStart(kind) {
  return pair(kind, async (_, client) => {
    const { sinceStartMs } = await client.ask({ run: 'first' });
    return { coldMs: sinceStartMs };
  });
}

/** Counts bytes through a relay, after the handshakes. */
async function bytes(kind) {
  if (kind === 'stmp-kcp') return undefined;
  return pair(kind, async (_, __, port) => {
    let count = 0;
    const relay = net.createServer((near) => {
      const far = net.connect({ port, host: '127.0.0.1', noDelay: true });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        from.on('data', (chunk) => {
          count += chunk.length;
          to.write(chunk);
        });
        from.on('close', () => to.destroy());
        from.on('error', () => {});
      }
    });
    await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const client = child('client.mjs', [kind, String(relay.address().port)], 1);
    await client.next();
    await client.ask({ run: 'open' });
    await client.ask({ run: 'latency', ms: 50 });
    count = 0;
    const { calls } = await client.ask({ run: 'latency', ms: 200 });
    const perCall = count / calls;
    client.stop();
    relay.close();
    return { bytesPerCall: perCall };
  });
}

const LOAD = {
  cpuUsPerCall: 'server CPU us/call',
  clientUsPerCall: 'client CPU us/call',
  callsPerSecond: 'calls/s',
};
const WORKLOADS = {
  latency: { title: 'one call at a time', run: latency, figures: { p50Us: 'p50 us', p99Us: 'p99 us' } },
  pipelined: {
    title: '1 connection, 64 in flight',
    run: (kind) => load(kind, { count: 1, depth: 64, bytes: 38 }),
    figures: LOAD,
  },
  kilobyte: {
    title: '64 in flight, 1 kB',
    run: (kind) => load(kind, { count: 1, depth: 64, bytes: 1024 }),
    figures: LOAD,
  },
  fan: {
    title: '100 connections x 8',
    run: (kind) => load(kind, { count: 100, depth: 8, bytes: 38 }),
    figures: LOAD,
  },
  told: {
    title: '64 in flight, an event behind each answer',
    run: (kind) => load(kind, { count: 1, depth: 64, bytes: 38, told: true }),
    figures: LOAD,
  },
  broadcast: {
    title: 'one event to 1,000 connections',
    run: broadcast,
    figures: { cpuUsPerDelivery: 'server CPU us/delivery' },
  },
  idle: {
    title: 'idle connection',
    run: idle,
    figures: { rssPerConnection: 'server RSS bytes', heapPerConnection: 'server heap bytes' },
  },
  connect: { title: 'connect and first answer', run: connecting, figures: { p50Us: 'p50 us' } },
  cold: { title: 'process start to first answer', run: coldStart, figures: { coldMs: 'ms' } },
  bytes: { title: 'bytes per small call, both ways', run: bytes, figures: { bytesPerCall: 'bytes' } },
};
/** Ratios to bare ws that are aimed at: [tcp, ws, kcp]; calls/s at least, all others at most. */
const TARGETS = {
  'latency.p50Us': [1.1, 1.1],
  'pipelined.cpuUsPerCall': [0.17, 0.23, 0.3],
  'pipelined.clientUsPerCall': [0.22, 0.27],
  'pipelined.callsPerSecond': [2.0, 1.4],
  'kilobyte.cpuUsPerCall': [0.3, 0.4],
  'fan.cpuUsPerCall': [0.31, 0.33],
  'broadcast.cpuUsPerDelivery': [0.8, 0.8, 1.2],
  'idle.rssPerConnection': [0.65, 1.1],
  'bytes.bytesPerCall': [90 / 84, 97 / 84],
};

console.log(
  `Node.js ${process.version}, ${ROUNDS} rounds of ${MS} ms, ${pinned ? `server and client pinned to a core each${awake ? ', cores kept awake' : ''}` : 'not pinned'}`,
);
const report = {};
for (const [name, { title, run, figures }] of Object.entries(WORKLOADS)) {
  if (!wanted(name)) continue;
  const results = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of round % 2 === 0 ? kinds : [...kinds].reverse()) {
      const result = await run(kind);
      if (result !== undefined) results[kind].push(result);
    }
  }
  console.log(`\n${title}`);
  for (const [figure, label] of Object.entries(figures)) {
    for (const kind of kinds) {
      if (results[kind].length === 0) continue;
      const all = results[kind].map((result) => result[figure]);
      const ratios = results[kind].map(
        (result, round) => result[figure] / (results['bare-ws'] ?? results[kind])[round]?.[figure],
      );
      const ratio = median(ratios);
      const target = TARGETS[`${name}.${figure}`]?.[['stmp-tcp', 'stmp-ws', 'stmp-kcp'].indexOf(kind)];
      const met =
        target === undefined
          ? ''
          : (figure === 'callsPerSecond' ? ratio >= target : ratio <= target)
            ? 'met'
            : 'MISSED';
      const aim =
        target === undefined ? '' : `target ${figure === 'callsPerSecond' ? '>=' : '<='} ${target.toFixed(2)} ${met}`;
      console.log(
        `  ${label.padEnd(24)} ${kind.padEnd(12)} ${median(all).toFixed(2).padStart(12)}  ratio ${ratio.toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})  ${aim}`,
      );
      report[`${name}.${figure}.${kind}`] = { median: median(all), ratio, all };
    }
  }
}
if (wanted('worst')) printWorst(measureWorst());
if (values.json !== undefined) {
  const about = { node: process.version, rounds: ROUNDS, millis: MS, kinds, versions: versions() };
  writeFileSync(values.json, `${JSON.stringify({ about, report }, null, 2)}\n`);
}

/** Of what was measured beside us. */
function versions() {
  const manifest = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  return { ...manifest('./peers/package.json').dependencies, ws: manifest('../node_modules/ws/package.json').version };
}
