import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP balancer: passes each connection on to one of its backends, in turn, and over those that refuse. */
export interface Balancer {
  readonly port: number;
  /** Ports of the backends; may be changed at any time. */
  backends: number[];
  /** When each connection came, by `performance.now()`. */
  readonly arrivals: number[];
  close(): Promise<void>;
}

export async function startBalancer(): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const arrivals: number[] = [];
  let turn = 0;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
  };
  const passOn = (client: Socket, backends: number[]): void => {
    const port = backends.shift();
    if (port === undefined) {
      client.destroy();
      return;
    }
    const backend = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    track(backend);
    const refused = (): void => passOn(client, backends);
    backend.once('error', refused);
    backend.once('connect', () => {
      backend.removeListener('error', refused);
      backend.on('error', () => client.destroy());
      client.pipe(backend);
      backend.pipe(client);
    });
    client.on('close', () => backend.destroy());
  };
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    arrivals.push(performance.now());
    track(client);
    client.on('error', () => client.destroy());
    const first = turn++ % Math.max(1, balancer.backends.length);
    passOn(client, [...balancer.backends.slice(first), ...balancer.backends.slice(0, first)]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const balancer: Balancer = {
    port: (server.address() as { port: number }).port,
    backends: [],
    arrivals,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return balancer;
}
