// Small calls and bulk data over tcp and the presets of kcp, on one bad network. See README.md in this folder.
import { fork, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { obstacle, throughNetwork } from './network.mjs';
import { KINDS } from './service.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
const ROUNDS = Number(values.rounds ?? (values.quick ? 1 : 2));
/** Above this share of a core netlab may be what is measured. */
const MAX_NETLAB_SHARE = 0.5;
const MAX_RETRIES = 2;
const TARGET = { condition: 'loss-5', kind: 'fast', ratio: 0.3 };

/** 20 ms there and back. Without a rate, netlab itself would be the narrowest place. */
const wide = { 'delay-ms': 10, 'rate-kbit': 20_000 };
const thin = { 'delay-ms': 10, 'rate-kbit': 1_000 };
const CONDITIONS = {
  clean: { title: '20 Mbit/s, no loss', weather: wide, isQuick: true },
  'loss-1': { title: '20 Mbit/s, 1 % lost', weather: { ...wide, loss: 1 } },
  'loss-5': { title: '20 Mbit/s, 5 % lost', weather: { ...wide, loss: 5 }, isQuick: true },
  'loss-10': { title: '20 Mbit/s, 10 % lost', weather: { ...wide, loss: 10 } },
  'burst-1': { title: '20 Mbit/s, 1 % lost, 4 in a row', weather: { ...wide, loss: 1, burst: 4 } },
  'burst-5': { title: '20 Mbit/s, 5 % lost, 4 in a row', weather: { ...wide, loss: 5, burst: 4 } },
  'burst-10': { title: '20 Mbit/s, 10 % lost, 4 in a row', weather: { ...wide, loss: 10, burst: 4 } },
  thin: { title: '1 Mbit/s, no loss', weather: thin, isThin: true },
  'thin-5': { title: '1 Mbit/s, 5 % lost', weather: { ...thin, loss: 5 }, isThin: true },
};

const pinned = spawnSync('taskset', ['-c', '1', 'true']).status === 0;
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
const percent = (share) => `${Math.round(share * 100)} %`;

function planOf({ isThin = false }) {
  return {
    kinds: KINDS,
    connections: isThin ? 4 : 24,
    latencyMs: isThin ? 2000 : 1100,
    // A window that overfills the queue of a thin line takes a while to arrive in order.
    goodputMs: isThin ? 4000 : 1000,
    putBytes: 4096,
    putDepth: 64,
    pauseMs: 150,
  };
}

/** One round through the network that was not disturbed; undefined when there was none. */
async function round(name, condition, number) {
  for (let attempt = 0; attempt <= MAX_RETRIES; attempt++) {
    const plan = planOf(condition);
    if (name === TARGET.condition) plan.latencyMs *= 2.5;
    if (number % 2 === 1) plan.kinds = [...KINDS].reverse();
    const seed = 1 + number + 100 * attempt;
    const results = await throughNetwork({ ...condition.weather, seed }, plan);
    const share = Math.max(...results.flatMap((one) => [one.latencyNetwork.cpuShare, one.goodputNetwork.cpuShare]));
    if (share <= MAX_NETLAB_SHARE) return Object.fromEntries(results.map((result) => [result.kind, result]));
    console.log(`  a round of ${name} is discarded: netlab took ${percent(share)} of a core`);
  }
  return undefined;
}

/** Of all kept rounds together: p99 of a single one rests on a handful of calls. */
function summary(kind, rounds) {
  const timesOf = (one, of) => [...one[of].times].sort((a, b) => a - b);
  const all = (of) => rounds.flatMap((one) => one[of].times).sort((a, b) => a - b);
  const times = all(kind);
  const networks = rounds.flatMap((one) => [one[kind].latencyNetwork, one[kind].goodputNetwork]);
  return {
    calls: times.length,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: times.at(-1),
    p99ToTcp: quantile(times, 0.99) / quantile(all('tcp'), 0.99),
    p99ToTcpByRound: rounds.map((one) => quantile(timesOf(one, kind), 0.99) / quantile(timesOf(one, 'tcp'), 0.99)),
    bytesPerSecond: Math.round(rounds.reduce((sum, one) => sum + one[kind].bytesPerSecond, 0) / rounds.length),
    netlabCpuShare: Math.max(...networks.map(({ cpuShare }) => cpuShare)),
    netlabLateMs: Math.max(...networks.map(({ lateMs }) => lateMs)),
  };
}

function print(name, kinds) {
  for (const [kind, one] of Object.entries(kinds)) {
    const aimed = name === TARGET.condition && kind === TARGET.kind;
    const verdict = aimed ? `  target <= ${TARGET.ratio} ${one.p99ToTcp <= TARGET.ratio ? 'met' : 'MISSED'}` : '';
    console.log(
      `  ${(kind === 'tcp' ? kind : `kcp ${kind}`).padEnd(13)} p50 ${one.p50Ms.toFixed(1).padStart(6)} ms  p99 ${one.p99Ms.toFixed(1).padStart(7)} ms` +
        `  p99 to tcp ${one.p99ToTcp.toFixed(2).padStart(5)}  goodput ${(one.bytesPerSecond / 1000).toFixed(0).padStart(5)} kB/s` +
        `  (${one.calls} calls; netlab ${percent(one.netlabCpuShare)} of a core, ${one.netlabLateMs.toFixed(1)} ms late at most)${verdict}`,
    );
  }
}

/** Server CPU of a small call on the loopback, 64 of them in flight on one connection. */
async function cpuPerCall(kind) {
  const start = (file, args, core) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    if (pinned) spawnSync('taskset', ['-a', '-c', '-p', core, String(child.pid)]);
    const next = () =>
      new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
      });
    const ask = (message) => {
      const answer = next();
      child.send(message);
      return answer;
    };
    return { next, ask, stop: () => child.disconnect() };
  };
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const server = start('server.mjs', ['127.0.0.1', String(port)], '0');
  await server.next();
  const ms = values.quick ? 700 : 900;
  const plan = { kinds: [kind], host: '127.0.0.1', port, loadDepth: 64, loadMs: ms };
  const client = start('client.mjs', [JSON.stringify(plan)], '1');
  try {
    await client.next();
    await server.ask('start');
    const { calls } = await client.ask('load');
    const { cpuUs } = await server.ask('cpu');
    return { cpuUsPerCall: cpuUs / calls, callsPerSecond: (calls * 1000) / ms };
  } finally {
    client.stop();
    server.stop();
  }
}

const congestionControl = () => {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim();
  } catch {
    return 'unknown';
  }
};

const report = {
  node: process.version,
  tcpCongestionControl: congestionControl(),
  rounds: ROUNDS,
  network: {},
  cpu: {},
};
const chosen = Object.entries(CONDITIONS).filter(([name, { isQuick = false }]) =>
  values.only === undefined ? isQuick || !values.quick : values.only.split(',').includes(name),
);
const why = obstacle();
console.log(`Node.js ${process.version}, ${ROUNDS} rounds, tcp with ${report.tcpCongestionControl}`);
if (why !== undefined && chosen.length > 0) console.log(`\nno bad network: ${why}`);
for (const [name, condition] of why === undefined ? chosen : []) {
  console.log(`\n${condition.title}`);
  const rounds = [];
  for (let number = 0; number < ROUNDS; number++) {
    const one = await round(name, condition, number);
    if (one !== undefined) rounds.push(one);
  }
  if (rounds.length === 0) {
    console.log('  every round was discarded');
    continue;
  }
  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, summary(kind, rounds)]));
  report.network[name] = { title: condition.title, ...condition.weather, kinds };
  print(name, kinds);
}

if (values.only === undefined || values.only.split(',').includes('cpu')) {
  console.log('\nloopback, no loss, 1 connection, 64 small calls in flight');
  const rounds = [];
  for (let number = 0; number < (values.quick ? 1 : 3); number++) {
    const one = {};
    for (const kind of number % 2 === 0 ? KINDS : [...KINDS].reverse()) one[kind] = await cpuPerCall(kind);
    rounds.push(one);
  }
  for (const kind of KINDS) {
    const cpuUsPerCall = median(rounds.map((one) => one[kind].cpuUsPerCall));
    const callsPerSecond = median(rounds.map((one) => one[kind].callsPerSecond));
    const toTcp = median(rounds.map((one) => one[kind].cpuUsPerCall / one.tcp.cpuUsPerCall));
    report.cpu[kind] = { cpuUsPerCall, callsPerSecond, toTcp };
    console.log(
      `  ${(kind === 'tcp' ? kind : `kcp ${kind}`).padEnd(13)} server CPU ${cpuUsPerCall.toFixed(2).padStart(6)} us/call` +
        `  to tcp ${toTcp.toFixed(2)}  ${Math.round(callsPerSecond)} calls/s`,
    );
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
