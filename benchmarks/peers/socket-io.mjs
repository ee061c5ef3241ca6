// socket.io over WebSocket alone, without compression, with acknowledgements.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { caller, event } from './note.mjs';

export async function serve() {
  const http = createServer();
  const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false, httpCompression: false });
  server.on('connection', (socket) => socket.on('echo', ({ id, text }, done) => done({ id, text })));
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    port: http.address().port,
    broadcast() {
      server.emit('note', event());
      return server.engine.clientsCount;
    },
  };
}

export async function open(port, { bytes }) {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    perMessageDeflate: false,
    forceNew: true,
    reconnection: false,
  });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  let events = 0;
  socket.on('note', () => events++);
  const echo = (note) => new Promise((resolve) => socket.emit('echo', note, resolve));
  return caller(
    bytes,
    echo,
    () => events,
    () => socket.disconnect(),
  );
}
