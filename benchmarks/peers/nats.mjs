// NATS request and reply through a nats-server of Debian's on loopback: a broker in the middle, two hops each way.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { caller, decode, encode } from './note.mjs';

export const available = () => spawnSync('nats-server', ['--version']).status === 0;

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export async function serve() {
  const port = await freePort();
  const broker = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  process.on('exit', () => broker.kill());
  const connection = await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true, reconnectTimeWait: 100 });
  connection.subscribe('echo', {
    callback(_error, message) {
      const { id, text } = decode(message.data);
      message.respond(encode({ id, text }));
    },
  });
  await connection.flush();
  return { port };
}

export async function open(port, { bytes }) {
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  let events = 0;
  connection.subscribe('note', { callback: () => events++ });
  await connection.flush();
  const echo = async (note) => decode((await connection.request('echo', encode(note), { timeout: 20_000 })).data);
  return caller(
    bytes,
    echo,
    () => events,
    () => connection.close(),
  );
}
