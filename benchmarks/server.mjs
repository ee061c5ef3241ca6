// One server process: `node server.mjs KIND`. It answers questions of its parent over IPC.
import net from 'node:net';
import { audience, createServer } from 'stmp';
import { WebSocketServer } from 'ws';
import { EchoService, NoteEvents, textOf } from './service.mjs';

const kind = process.argv[2];
let broadcast = () => 0;
let port = 0;

if (kind === 'bare-net') {
  const sockets = new Set();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = server.address().port;
  const event = Buffer.alloc(38, 'x');
  broadcast = () => {
    for (const socket of sockets) socket.write(event);
    return sockets.size;
  };
} else if (kind === 'bare-ws') {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await new Promise((resolve) => server.on('listening', resolve));
  port = server.address().port;
  const event = Buffer.alloc(38, 'x');
  broadcast = () => {
    for (const socket of server.clients) socket.send(event);
    return server.clients.size;
  };
} else {
  const server = createServer({ maxConnections: 100_000 });
  server.implement(EchoService, { echo: ({ id, text }) => Promise.resolve({ id, text }) });
  const { address } = await server.listen(kind === 'stmp-tcp' ? 'tcp://127.0.0.1:0' : 'ws://127.0.0.1:0/bench');
  port = Number(new URL(address.replace(/^tcp/, 'http').replace(/^ws/, 'http')).port);
  const everyone = audience(server.connections);
  let id = 0;
  broadcast = () => everyone.emit(NoteEvents).note({ id: 1000 + (id++ % 1000), text: textOf(38) }).sent;
}

let started = process.cpuUsage();
process.on('message', (message) => {
  if (message === 'start') {
    globalThis.gc?.();
    started = process.cpuUsage();
    process.send({ ok: true });
  } else if (message === 'cpu') {
    const { user, system } = process.cpuUsage(started);
    process.send({ cpuUs: user + system });
  } else if (message === 'rss') {
    globalThis.gc?.();
    globalThis.gc?.();
    setTimeout(() => process.send({ rss: process.memoryUsage().rss }), 300);
  } else if (typeof message === 'object' && message.broadcast) {
    let left = message.broadcast;
    let delivered = 0;
    started = process.cpuUsage();
    const step = () => {
      delivered += broadcast();
      if (--left > 0) setTimeout(step, message.everyMs);
      else
        setTimeout(() => {
          const { user, system } = process.cpuUsage(started);
          process.send({ cpuUs: user + system, delivered });
        }, 200);
    };
    step();
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ port });
