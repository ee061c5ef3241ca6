// The measure of all: ready bytes over `ws`, without compression, matched first in, first out.
import { WebSocket, WebSocketServer } from 'ws';
import { createFifo } from './fifo.mjs';

export async function serve() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      socket.send(data);
      // What begins with a `t` is told: an event follows each answer.
      if (data[0] === 0x74) socket.send(data);
    }),
  );
  await new Promise((resolve) => server.on('listening', resolve));
  const event = Buffer.alloc(38, 'x');
  return {
    port: server.address().port,
    broadcast() {
      for (const socket of server.clients) socket.send(event);
      return server.clients.size;
    },
  };
}

export async function open(port, { bytes }) {
  const fifo = createFifo();
  const payload = Buffer.alloc(bytes, 'x');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('message', (data) => {
    if (data.length !== bytes) throw new Error('wrong answer');
    fifo.answered(1);
  });
  const told = Buffer.alloc(bytes, 't');
  return {
    call: () => fifo.wait(() => socket.send(payload)),
    callTold: () => Promise.all([fifo.wait(() => socket.send(told)), fifo.wait(() => {})]),
    events: fifo.events,
    close: () => socket.terminate(),
  };
}
