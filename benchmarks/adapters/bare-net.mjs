// The floor of TCP: ready bytes out, bytes back, matched first in, first out.
import net from 'node:net';
import { createFifo } from './fifo.mjs';

export async function serve() {
  const sockets = new Set();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    // What begins with a `t` is told: an event follows each answer.
    socket.on('data', (chunk) => socket.write(chunk[0] === 0x74 ? Buffer.concat([chunk, chunk]) : chunk));
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const event = Buffer.alloc(38, 'x');
  return {
    port: server.address().port,
    broadcast() {
      for (const socket of sockets) socket.write(event);
      return sockets.size;
    },
  };
}

export async function open(port, { bytes }) {
  const fifo = createFifo();
  const payload = Buffer.alloc(bytes, 'x');
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let partial = 0;
  socket.on('data', (chunk) => {
    partial += chunk.length;
    const whole = Math.floor(partial / bytes);
    partial -= whole * bytes;
    fifo.answered(whole);
  });
  const told = Buffer.alloc(bytes, 't');
  return {
    call: () => fifo.wait(() => socket.write(payload)),
    callTold: () => Promise.all([fifo.wait(() => socket.write(told)), fifo.wait(() => {})]),
    events: fifo.events,
    close: () => socket.destroy(),
  };
}
