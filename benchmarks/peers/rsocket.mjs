// RSocket over TCP: request and response, protobuf payloads.

import { createServer } from 'node:net';
import { RSocketConnector, RSocketServer } from 'rsocket-core';
import { TcpClientTransport } from 'rsocket-tcp-client';
import { TcpServerTransport } from 'rsocket-tcp-server';
import { caller, decode, encode, event } from './note.mjs';

const setup = { keepAlive: 60_000, lifetime: 300_000 };

export async function serve() {
  const peers = new Set();
  let listening;
  const server = new RSocketServer({
    transport: new TcpServerTransport({
      listenOptions: { port: 0, host: '127.0.0.1' },
      socketCreator: () => {
        listening = createServer({ noDelay: true });
        return listening;
      },
    }),
    acceptor: {
      accept: async (_setup, peer) => {
        peers.add(peer);
        peer.onClose(() => peers.delete(peer));
        return {
          requestResponse(payload, responder) {
            const { id, text } = decode(payload.data);
            responder.onNext({ data: encode({ id, text }) }, true);
            return { cancel() {}, onExtension() {} };
          },
        };
      },
    },
  });
  await server.bind();
  const nothing = { onComplete() {}, onError() {}, onNext() {}, onExtension() {} };
  return {
    port: listening.address().port,
    broadcast() {
      const data = encode(event());
      for (const peer of peers) peer.fireAndForget({ data }, nothing);
      return peers.size;
    },
  };
}

export async function open(port, { bytes }) {
  let events = 0;
  const connector = new RSocketConnector({
    setup,
    transport: new TcpClientTransport({ connectionOptions: { host: '127.0.0.1', port, noDelay: true } }),
    responder: {
      fireAndForget(_payload, responder) {
        events++;
        responder.onComplete();
        return { cancel() {} };
      },
    },
  });
  const socket = await connector.connect();
  const echo = (note) =>
    new Promise((resolve, reject) =>
      socket.requestResponse(
        { data: encode(note) },
        { onNext: (payload) => resolve(decode(payload.data)), onError: reject, onComplete() {}, onExtension() {} },
      ),
    );
  return caller(
    bytes,
    echo,
    () => events,
    () => socket.close(),
  );
}
