// tRPC over its WebSocket adapter. Broadcasts are subscriptions, one for each client.
import { EventEmitter, on } from 'node:events';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocket, WebSocketServer } from 'ws';
import { caller, event } from './note.mjs';

export async function serve() {
  const notes = new EventEmitter().setMaxListeners(0);
  const t = initTRPC.create();
  const input = (value) => value;
  const router = t.router({
    echo: t.procedure.input(input).query(({ input: { id, text } }) => ({ id, text })),
    notes: t.procedure.subscription(async function* ({ signal }) {
      for await (const [note] of on(notes, 'note', { signal })) yield note;
    }),
  });
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  applyWSSHandler({ wss: server, router });
  await new Promise((resolve) => server.on('listening', resolve));
  return {
    port: server.address().port,
    broadcast() {
      notes.emit('note', event());
      return notes.listenerCount('note');
    },
  };
}

export async function open(port, { bytes, listens }) {
  const socket = createWSClient({ url: `ws://127.0.0.1:${port}`, WebSocket });
  const client = createTRPCClient({ links: [wsLink({ client: socket })] });
  await client.echo.query({ id: 1, text: '' });
  let events = 0;
  if (listens) {
    await new Promise((resolve) => client.notes.subscribe(undefined, { onStarted: resolve, onData: () => events++ }));
  }
  return caller(
    bytes,
    (note) => client.echo.query(note),
    () => events,
    () => socket.close(),
  );
}
