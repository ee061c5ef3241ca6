// Cap'n Web over ws. Broadcasts call a stub that each client has handed over.
import { newWebSocketRpcSession, RpcTarget } from 'capnweb';
import { WebSocket, WebSocketServer } from 'ws';
import { caller, event } from './note.mjs';

// It asks the platform for the names of a socket's states, which Node.js 20 has not.
globalThis.WebSocket ??= WebSocket;
const listeners = new Set();

class Echo extends RpcTarget {
  echo({ id, text }) {
    return { id, text };
  }
  listen(stub) {
    const kept = stub.dup();
    listeners.add(kept);
    kept.onRpcBroken(() => listeners.delete(kept));
  }
}

class Listener extends RpcTarget {
  count = 0;
  note() {
    this.count++;
  }
}

export async function serve() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => newWebSocketRpcSession(socket, new Echo()));
  await new Promise((resolve) => server.on('listening', resolve));
  return {
    port: server.address().port,
    broadcast() {
      const note = event();
      for (const stub of listeners) stub.note(note).then(undefined, () => {});
      return listeners.size;
    },
  };
}

export async function open(port, { bytes, listens }) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const api = newWebSocketRpcSession(socket);
  const listener = new Listener();
  if (listens) await api.listen(listener);
  return caller(
    bytes,
    (note) => api.echo(note),
    () => listener.count,
    () => socket.terminate(),
  );
}
