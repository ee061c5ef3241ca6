// Colyseus: one room, messages matched by id, MessagePack.
import { createServer } from 'node:http';
import { Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';
import { Client } from 'colyseus.js';
import { caller, event } from './note.mjs';

let room;

class Echo extends Room {
  maxClients = 100_000;
  autoDispose = false;
  onCreate() {
    room = this;
    this.onMessage('echo', (client, { id, text }) => client.send('echo', { id, text }));
  }
}

export async function serve() {
  const http = createServer();
  const server = new Server({
    greet: false,
    transport: new WebSocketTransport({ server: http, perMessageDeflate: false }),
  });
  server.define('echo', Echo);
  await server.listen(0, '127.0.0.1');
  return {
    port: http.address().port,
    broadcast() {
      room.broadcast('note', event());
      return room.clients.length;
    },
  };
}

export async function open(port, { bytes }) {
  const client = new Client(`ws://127.0.0.1:${port}`);
  const joined = await client.joinOrCreate('echo');
  const pending = new Map();
  let events = 0;
  joined.onMessage('echo', (note) => {
    pending.get(note.id)?.(note);
    pending.delete(note.id);
  });
  joined.onMessage('note', () => events++);
  joined.onMessage('*', () => {});
  const echo = (note) =>
    new Promise((resolve) => {
      pending.set(note.id, resolve);
      joined.send('echo', note);
    });
  return caller(
    bytes,
    echo,
    () => events,
    () => joined.leave(false),
  );
}
