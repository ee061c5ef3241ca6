// @grpc/grpc-js: unary calls (grpc-unary), or one bidirectional stream as a channel of calls (grpc-bidi).
import grpc from '@grpc/grpc-js';
import { caller, decode, encode } from './note.mjs';

const method = (path, stream) => ({
  path,
  requestStream: stream,
  responseStream: stream,
  requestSerialize: encode,
  requestDeserialize: decode,
  responseSerialize: encode,
  responseDeserialize: decode,
});
const SERVICE = { echo: method('/bench.Echo/Echo', false), channel: method('/bench.Echo/Channel', true) };

export async function serve() {
  const server = new grpc.Server();
  server.addService(SERVICE, {
    echo: ({ request: { id, text } }, done) => done(null, { id, text }),
    channel(stream) {
      stream.on('data', ({ id, text }) => stream.write({ id, text }));
      stream.on('end', () => stream.end());
      stream.on('error', () => {});
    },
  });
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port };
}

export async function open(port, { bytes }, kind) {
  const Client = grpc.makeGenericClientConstructor(SERVICE, 'Echo');
  // A connection for each client, as with the others.
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  await new Promise((resolve, reject) =>
    client.waitForReady(Date.now() + 20_000, (error) => (error ? reject(error) : resolve())),
  );
  const close = () => client.close();
  if (kind === 'grpc-unary') {
    const echo = (note) =>
      new Promise((resolve, reject) => client.echo(note, (error, answer) => (error ? reject(error) : resolve(answer))));
    return caller(bytes, echo, undefined, close);
  }
  const stream = client.channel();
  const pending = new Map();
  stream.on('data', (note) => {
    pending.get(note.id)?.(note);
    pending.delete(note.id);
  });
  stream.on('error', () => {});
  const echo = (note) =>
    new Promise((resolve) => {
      pending.set(note.id, resolve);
      stream.write(note);
    });
  return caller(bytes, echo, undefined, close);
}
