import { createServer } from 'node:net';
import { type ListenerFixture, listenerCases, type TransportFixture, transportCases } from '@stmp/conformance';
import { type Link, StmpError } from '@stmp/contract';
import { wsDialer } from '@stmp/transport-ws';
import { type WsListenerOptions, wsListener } from '@stmp/transport-ws/server';
import { breakServer } from 'test-kit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { certificate } from './certificate.js';

const tls = await certificate();

function fixture(scheme: 'ws' | 'wss', extra: WsListenerOptions & { deflate?: boolean }): TransportFixture {
  return {
    kind: 'message',
    async open({ highWaterBytes, maxUnitBytes } = {}) {
      let accept: (link: Link) => void = () => {};
      const accepted = new Promise<Link>((resolve) => {
        accept = resolve;
      });
      const listening = await wsListener({ highWaterBytes, tls, ...extra }).listen(`${scheme}://127.0.0.1:0/stmp`, {
        maxUnitBytes,
        onLink: accept,
      });
      const a = await wsDialer({
        highWaterBytes,
        deflate: extra.deflate,
        tls: scheme === 'wss' ? { ca: tls.cert } : undefined,
      }).dial(listening.address);
      const b = await accepted;
      return {
        a,
        b,
        async close() {
          a.abort(new StmpError('link_closed', 'done'));
          b.abort(new StmpError('link_closed', 'done'));
          await listening.close();
        },
      };
    },
    dial: (signal) => wsDialer().dial(open.address, { signal }),
    dialNobody: () => wsDialer().dial(nobody),
    bulkBytes: 1_048_576,
    stallBytes: 16_777_216,
  };
}

function listenerFixture(scheme: 'ws' | 'wss', extra: WsListenerOptions & { deflate?: boolean }): ListenerFixture {
  const dialer = wsDialer({ deflate: extra.deflate, tls: scheme === 'wss' ? { ca: tls.cert } : undefined });
  return {
    kind: 'message',
    listener: wsListener({ tls, ...extra }),
    dialer,
    address: () => `${scheme}://127.0.0.1:0/stmp`,
    breakDown: ({ address }) => breakServer(Number(new URL(address).port)),
    async beRefused(address) {
      await dialer.dial(address.replace('/stmp', '/elsewhere')).catch(() => {});
    },
  };
}

const open = { address: '' };
let nobody = '';
const listeners: { close(): unknown }[] = [];
beforeAll(async () => {
  const listening = await wsListener().listen('ws://127.0.0.1:0/', {
    onLink: (link) => link.start({ onData() {}, onDrain() {}, onClose() {} }),
  });
  open.address = listening.address;
  listeners.push(listening);
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  nobody = `ws://127.0.0.1:${(server.address() as { port: number }).port}/`;
  await new Promise((resolve) => server.close(resolve));
});
afterAll(() => Promise.all(listeners.map((listener) => listener.close())));

// The cases are independent, and the long ones mostly wait.
describe.concurrent.each([
  ['ws', {}],
  ['wss', {}],
  ['ws', { deflate: true }],
] as const)('%s %j', (scheme, extra) => {
  const cases = [...transportCases(fixture(scheme, extra)), ...listenerCases(listenerFixture(scheme, extra))];
  for (const c of cases) it.skipIf(c.skip)(c.name, () => c.run());
});
