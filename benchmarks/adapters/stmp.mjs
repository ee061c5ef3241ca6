// stmp with protobuf, at its defaults: stmp-tcp, stmp-ws, stmp-kcp, and stmp-tls, stmp-wss with a certificate of this run.
import { audience, connect, createServer } from 'stmp';
import { EchoService, NoteEvents, textOf } from '../service.mjs';

const schemeOf = (kind) => kind.slice('stmp-'.length);
const pathOf = (scheme) => (scheme.startsWith('ws') ? '/bench' : '');
const isSecure = (scheme) => scheme === 'tls' || scheme === 'wss';

export async function serve(kind) {
  const scheme = schemeOf(kind);
  const server = createServer({ maxConnections: 100_000 });
  server.implement(EchoService, {
    echo: ({ id, text }) => Promise.resolve({ id, text }),
    tell: (note, { connection }) => {
      queueMicrotask(() => connection.emit(NoteEvents).note(note));
      return note;
    },
  });
  const options = {};
  if (isSecure(scheme)) {
    const { generate } = await import('selfsigned');
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      curve: 'P-256',
    });
    options.tls = { key, cert };
  }
  const { address } = await server.listen(`${scheme}://127.0.0.1:0${pathOf(scheme)}`, options);
  const everyone = audience(server.connections);
  let id = 0;
  return {
    port: Number(new URL(address.replace(/^\w+/, 'http')).port),
    broadcast: () => everyone.emit(NoteEvents).note({ id: 1000 + (id++ % 1000), text: textOf(38) }).sent,
  };
}

export async function open(port, { bytes }, kind) {
  const scheme = schemeOf(kind);
  const client = await connect(
    `${scheme}://127.0.0.1:${port}${pathOf(scheme)}`,
    isSecure(scheme) ? { tls: { rejectUnauthorized: false } } : {},
  );
  const service = client.service(EchoService);
  const text = textOf(bytes);
  let id = 1000;
  let events = 0;
  client.on(NoteEvents, { note: () => events++ });
  const ask = async (method) => {
    const mine = 1000 + (id++ % 1000);
    const answer = await method({ id: mine, text });
    if (answer.id !== mine || answer.text.length !== text.length) throw new Error('wrong answer');
  };
  return {
    call: () => ask(service.echo),
    callTold: () => ask(service.tell),
    events: () => events,
    close: () => client.connection?.abort(),
  };
}
