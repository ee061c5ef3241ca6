// Server CPU per delivery of one event to 1,000 connections, and idle memory: raw links beside bare ws.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

const rounds = Number(process.argv[2] ?? 3);
const connections = 1000;
const events = 60;
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

async function run(mode) {
  const child = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), [mode], { execArgv: ['--expose-gc'] });
  const ask = (message) =>
    new Promise((resolve) => {
      child.once('message', resolve);
      if (message) child.send(message);
    });
  const { address } = await ask();
  const empty = (await ask('gc')).rss;
  let left = 0;
  let done;
  const all = [];
  for (let i = 0; i < connections; i++) {
    const ws = new WebSocket(address, { perMessageDeflate: false });
    ws.on('message', () => {
      if (--left === 0) done();
    });
    all.push(ws);
    if (i % 50 === 49) await new Promise((resolve) => ws.once('open', resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  const idle = ((await ask('gc')).rss - empty) / connections;
  const event = () =>
    new Promise((resolve) => {
      left = connections;
      done = resolve;
      child.send({ broadcast: 64 });
    });
  for (let i = 0; i < 10; i++) await event();
  const before = (await ask('cpu')).cpu;
  for (let i = 0; i < events; i++) await event();
  const after = (await ask('cpu')).cpu;
  for (const ws of all) ws.terminate();
  child.kill();
  return { idle, cpu: (after.user + after.system - before.user - before.system) / events / connections };
}

const modes = ['bare', 'link'];
const results = modes.map(() => ({ cpu: [], idle: [] }));
for (let round = 0; round < rounds; round++) {
  for (const [i, mode] of modes.entries()) {
    const { cpu, idle } = await run(mode);
    results[i].cpu.push(cpu);
    results[i].idle.push(idle);
  }
}
for (const [i, mode] of modes.entries()) {
  const cpu = median(results[i].cpu);
  const idle = median(results[i].idle);
  console.log(
    `server ${mode}  ${cpu.toFixed(2)} us per delivery (${(cpu / median(results[0].cpu)).toFixed(2)})`,
    ` idle ${Math.round(idle)} bytes (${(idle / median(results[0].idle)).toFixed(2)})`,
  );
}
