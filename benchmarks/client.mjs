// One client process: `node client.mjs KIND PORT`. It runs one workload at a time, as its parent says.
import net from 'node:net';
import { connect } from 'stmp';
import { WebSocket } from 'ws';
import { EchoService, NoteEvents, textOf } from './service.mjs';

const [kind, port] = [process.argv[2], Number(process.argv[3])];

/** Bare clients: bytes out, bytes back, first in, first out. */
async function openBare(bytes) {
  const waiting = [];
  let head = 0;
  let events = 0;
  const answered = (count) => {
    if (head === waiting.length) events += count;
    for (; count > 0 && head < waiting.length; count--) waiting[head++]();
    if (head > 1024) {
      waiting.splice(0, head);
      head = 0;
    }
  };
  const payload = Buffer.alloc(bytes, 'x');
  let send;
  let close;
  let raw;
  if (kind === 'bare-net') {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    let partial = 0;
    socket.on('data', (chunk) => {
      partial += chunk.length;
      const whole = Math.floor(partial / bytes);
      partial -= whole * bytes;
      answered(whole);
    });
    send = () => socket.write(payload);
    close = () => socket.destroy();
    raw = socket;
  } else {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('message', (data) => {
      if (data.length !== bytes) throw new Error('wrong answer');
      answered(1);
    });
    send = () => socket.send(payload);
    close = () => socket.terminate();
    raw = socket._socket;
  }
  return {
    call: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        send();
      }),
    events: () => events,
    close,
    raw,
  };
}

async function openStmp(bytes) {
  const client = await connect(kind === 'stmp-tcp' ? `tcp://127.0.0.1:${port}` : `ws://127.0.0.1:${port}/bench`);
  const service = client.service(EchoService);
  const text = textOf(bytes);
  let id = 1000;
  let events = 0;
  client.on(NoteEvents, { note: () => events++ });
  return {
    async call() {
      const mine = 1000 + (id++ % 1000);
      const answer = await service.echo({ id: mine, text });
      if (answer.id !== mine || answer.text.length !== text.length) throw new Error('wrong answer');
    },
    events: () => events,
    close: () => client.connection?.abort(),
    raw: undefined,
  };
}

const open = (bytes) => (kind.startsWith('bare') ? openBare(bytes) : openStmp(bytes));
const openMany = async (count, bytes) => {
  const all = [];
  for (let i = 0; i < count; i += 50) {
    all.push(...(await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => open(bytes)))));
  }
  return all;
};

let connections = [];
process.on('message', async ({ run, count = 1, depth = 1, bytes = 38, ms = 1000 }) => {
  if (run === 'open') {
    connections = await openMany(count, bytes);
    process.send({ open: connections.length });
  } else if (run === 'close') {
    for (const connection of connections) connection.close();
    connections = [];
    process.send({ closed: true });
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
    let calls = 0;
    const from = performance.now();
    const until = from + ms;
    const loop = async (connection) => {
      while (performance.now() < until) {
        await connection.call();
        calls++;
      }
    };
    const loops = [];
    for (const connection of connections) for (let i = 0; i < depth; i++) loops.push(loop(connection));
    await Promise.all(loops);
    process.send({ calls, seconds: (performance.now() - from) / 1000 });
  } else if (run === 'events') {
    process.send({ events: connections.reduce((sum, one) => sum + one.events(), 0) });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
