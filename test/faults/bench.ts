import { connect as connectSocket, createServer as createNetServer, type Socket } from 'node:net';
import {
  type Client,
  type ClientOptions,
  createClient,
  createServer,
  type Server,
  type ServerOptions,
} from '@stmp/connection';
import { Status, statusError } from '@stmp/contract';
import { encodeClientHandshake } from '@stmp/packet';
import { jsonCodec } from '@stmp/payload-json';
import { tcpDialer, tcpListener } from '@stmp/transport-tcp';
import { LoadService } from '../life/service.js';
import type { Tally } from './kit.js';

const CODEC = jsonCodec();

export interface Bench {
  readonly server: Server;
  readonly port: number;
  /** Handlers that run now. */
  running: () => number;
  close(): Promise<void>;
}

/** A server in this process that counts what it runs. `work` takes `ms`; below 0 it waits for its signal. */
export async function startBench(tally: Tally, options: Partial<ServerOptions> = {}): Promise<Bench> {
  const server = createServer({ codecs: [CODEC], listeners: [tcpListener()], ...options });
  let running = 0;
  server.implement(LoadService, {
    async work(input, { signal }) {
      // Plain values are not checked by anybody else: noise may be JSON by chance, or nothing at all.
      if (typeof input?.id !== 'number') throw statusError(Status.BadRequest);
      const { id, ms } = input;
      tally.begin(id);
      running++;
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      else if (ms < 0) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      running--;
      tally.end(id);
      return { id };
    },
  });
  const { address } = await server.listen('tcp://127.0.0.1:0');
  return {
    server: server as unknown as Server,
    port: Number(new URL(address).port),
    running: () => running,
    close: () => server.close(),
  };
}

export function newClient(port: number, options: Partial<ClientOptions> = {}): Client {
  return createClient(`tcp://127.0.0.1:${port}`, { codecs: [CODEC], dialers: [tcpDialer()], ...options });
}

export async function newClients(count: number, port: number, options?: Partial<ClientOptions>): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => newClient(port, options));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

export const closeAll = (clients: readonly Client[]): Promise<unknown> =>
  Promise.all(clients.map((client) => client.close()));

/** Calls all the time until told to stop; resolves when all calls have settled. */
export function keepCalling(tally: Tally, clients: readonly Client[], everyMs: number, ms = 5): () => Promise<void> {
  const pending = new Set<Promise<void>>();
  const timer = setInterval(() => {
    for (const client of clients) {
      if (!client.connection?.isOpen) continue;
      const call = tally
        .call((id) => client.service(LoadService).work({ id, ms: id % (ms + 1) }))
        .finally(() => pending.delete(call));
      pending.add(call);
    }
  }, everyMs);
  return async () => {
    clearInterval(timer);
    while (pending.size > 0) await Promise.all(pending);
  };
}

/** A socket that says what it is told. It never fails loudly. */
export async function rawSocket(port: number): Promise<Socket> {
  const socket = connectSocket({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', () => resolve());
  });
  return socket;
}

export const HELLO: Uint8Array = encodeClientHandshake({
  major: 1,
  minor: 0,
  header: [['Accept', 'application/json']],
  message: '',
});

export const closed = (socket: Socket): Promise<void> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));

export interface Proxy {
  readonly port: number;
  /** While set, nothing passes and nobody is told: both ends are half open. */
  silent: boolean;
  close(): Promise<void>;
}

/** A path between clients and a server that can fall silent. */
export async function startProxy(to: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createNetServer((client) => {
    const backend = connectSocket({ host: '127.0.0.1', port: to });
    for (const [from, into] of [
      [client, backend],
      [backend, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('data', (chunk) => {
        if (!proxy.silent) into.write(chunk);
      });
      from.on('end', () => {
        if (!proxy.silent) into.end();
      });
      from.on('close', () => {
        sockets.delete(from);
        if (!proxy.silent) into.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Proxy = {
    port: (server.address() as { port: number }).port,
    silent: false,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
