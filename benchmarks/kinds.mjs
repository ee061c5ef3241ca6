// Who is measured: name, and the adapter behind it. An adapter has
//   serve(kind) -> { port, broadcast? }: broadcast() sends one event to all clients and says to how many;
//   open(port, { bytes, listens }, kind) -> { call, events, close }: call() sends a note of so many bytes in protobuf,
//     waits for the answer and checks it; events() counts what was heard, where `listens` was asked for;
//     where it has callTold(), the peer sends an event of the same note right behind each answer to it;
//   available()?: false where a machine lacks what it needs.
import { existsSync } from 'node:fs';

const ours = (name) => [name, './adapters/stmp.mjs'];
const peer = (name, file = name) => [name, `./peers/${file}.mjs`];

export const KINDS = new Map([
  ['bare-net', './adapters/bare-net.mjs'],
  ['bare-ws', './adapters/bare-ws.mjs'],
  ours('stmp-tcp'),
  ours('stmp-ws'),
  ours('stmp-kcp'),
  ours('stmp-tls'),
  ours('stmp-wss'),
  peer('grpc-unary', 'grpc'),
  peer('grpc-bidi', 'grpc'),
  peer('connect-node'),
  peer('socket.io', 'socket-io'),
  peer('trpc'),
  peer('capnweb'),
  peer('rsocket'),
  peer('colyseus'),
  peer('nats'),
]);

export const DEFAULT_KINDS = ['bare-net', 'bare-ws', 'stmp-tcp', 'stmp-ws'];
export const PEERS = [...KINDS].filter(([, file]) => file.startsWith('./peers/')).map(([name]) => name);
export const peersAreInstalled = () => existsSync(new URL('./peers/node_modules', import.meta.url));

export const adapterOf = (kind) => import(KINDS.get(kind));
