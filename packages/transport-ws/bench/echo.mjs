// Server CPU per echo, raw links beside bare ws, interleaved: `node bench/echo.mjs [rounds]`. Build first.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { wsDialer } from '../dist/node.js';

const rounds = Number(process.argv[2] ?? 5);
const serverFile = fileURLToPath(new URL('server.mjs', import.meta.url));
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

async function startServer(mode) {
  const child = fork(serverFile, [mode], { execArgv: ['--expose-gc'] });
  const ask = (message) =>
    new Promise((resolve) => {
      child.once('message', resolve);
      if (message) child.send(message);
    });
  const { address } = await ask();
  return { address, ask, send: (message) => child.send(message), stop: () => child.kill() };
}

async function open(client, address, onUnit) {
  if (client === 'link') {
    const link = await wsDialer().dial(address);
    link.start({ onData: onUnit, onDrain() {}, onClose() {} });
    return { send: (unit) => link.send(unit), close: () => link.close() };
  }
  const ws = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((resolve) => ws.once('open', resolve));
  ws.on('message', onUnit);
  return { send: (unit) => ws.send(unit), close: () => ws.terminate() };
}

async function run(mode, client, { connections, inFlight, bytes, calls }) {
  const server = await startServer(mode);
  const unit = new Uint8Array(bytes).fill(7);
  let left = 0;
  let toSend = 0;
  let done;
  const clients = [];
  for (let i = 0; i < connections; i++) {
    const one = await open(client, server.address, () => {
      if (toSend > 0) {
        toSend--;
        one.send(unit);
      }
      if (--left === 0) done();
    });
    clients.push(one);
  }
  const batch = (count) =>
    new Promise((resolve) => {
      done = resolve;
      left = count;
      toSend = count - connections * inFlight;
      for (const one of clients) for (let i = 0; i < inFlight; i++) one.send(unit);
    });
  await batch(Math.ceil(calls / 4));
  const before = (await server.ask('cpu')).cpu;
  const start = performance.now();
  await batch(calls);
  const ms = performance.now() - start;
  const after = (await server.ask('cpu')).cpu;
  for (const one of clients) one.close();
  server.stop();
  return { cpu: (after.user + after.system - before.user - before.system) / calls, rate: (calls / ms) * 1000 };
}

const loads = [
  { name: '1 at a time', connections: 1, inFlight: 1, bytes: 38, calls: 15_000 },
  { name: '1 x 64', connections: 1, inFlight: 64, bytes: 38, calls: 150_000 },
  { name: '1 x 64, 1 kB', connections: 1, inFlight: 64, bytes: 1024, calls: 100_000 },
  { name: '100 x 8', connections: 100, inFlight: 8, bytes: 38, calls: 150_000 },
];
const kinds = [
  ['bare', 'bare'],
  ['cork', 'bare'],
  ['link', 'bare'],
  ['link', 'link'],
];
const wanted = process.argv[3];
for (const load of loads) {
  if (wanted && !load.name.startsWith(wanted)) continue;
  const results = kinds.map(() => ({ cpu: [], rate: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, [mode, client]] of kinds.entries()) {
      const { cpu, rate } = await run(mode, client, load);
      results[i].cpu.push(cpu);
      results[i].rate.push(rate);
    }
  }
  const base = median(results[0].cpu);
  for (const [i, [mode, client]] of kinds.entries()) {
    const cpu = median(results[i].cpu);
    const line = [load.name.padEnd(14), `server ${mode}`, `client ${client}`, `${cpu.toFixed(2)} us`];
    console.log([...line, (cpu / base).toFixed(2), `${Math.round(median(results[i].rate))}/s`].join('  '));
  }
}
