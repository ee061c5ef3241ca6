import { once } from 'node:events';
import { connect } from 'node:net';
import type { ListenerFixture, TransportFixture } from '@stmp/conformance';
import { type Link, StmpError } from '@stmp/contract';
import { tcpDialer, tcpListener } from '@stmp/transport-tcp';
import selfsigned from 'selfsigned';
import { breakServer } from 'test-kit';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export async function makeCertificate(name = 'localhost'): Promise<Certificate> {
  const made = await selfsigned.generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: name },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Both ends over one listener each, which is closed with them. */
export function tcpFixture(certificate?: Certificate): TransportFixture {
  const scheme = certificate === undefined ? 'tcp' : 'tls';
  const dialer = (highWaterBytes?: number) =>
    tcpDialer(certificate === undefined ? { highWaterBytes } : { highWaterBytes, tls: { ca: certificate.cert } });
  const ended = new StmpError('connection_closed', 'the case is over');
  return {
    kind: 'stream',
    async open({ highWaterBytes } = {}) {
      let accepted: (link: Link) => void = () => {};
      const accepting = new Promise<Link>((resolve) => {
        accepted = resolve;
      });
      const listening = await tcpListener({ highWaterBytes, tls: certificate }).listen(`${scheme}://127.0.0.1:0`, {
        onLink: (link) => accepted(link),
      });
      const a = await dialer(highWaterBytes).dial(listening.address);
      const b = await accepting;
      return {
        a,
        b,
        async close() {
          a.abort(ended);
          b.abort(ended);
          await Promise.all([a.close(), b.close(), listening.close()]);
        },
      };
    },
    async dial(signal) {
      let accepted: () => void = () => {};
      const accepting = new Promise<void>((resolve) => {
        accepted = resolve;
      });
      const listening = await tcpListener({ tls: certificate }).listen(`${scheme}://127.0.0.1:0`, {
        onLink(link) {
          link.start({ onData() {}, onDrain() {}, onClose() {} });
          accepted();
        },
      });
      try {
        const link = await dialer().dial(listening.address, { signal });
        // Closing ends a TLS handshake that only one side has finished.
        if (certificate !== undefined) await accepting;
        return link;
      } finally {
        await listening.close();
      }
    },
    async dialNobody() {
      const listening = await tcpListener({ tls: certificate }).listen(`${scheme}://127.0.0.1:0`, { onLink() {} });
      await listening.close();
      return dialer().dial(listening.address);
    },
  };
}

const portOf = (address: string): number => Number(new URL(address).port);

export function tcpListenerFixture(certificate?: Certificate): ListenerFixture {
  const scheme = certificate === undefined ? 'tcp' : 'tls';
  return {
    kind: 'stream',
    listener: tcpListener({ tls: certificate }),
    dialer: tcpDialer(certificate === undefined ? {} : { tls: { ca: certificate.cert } }),
    address: () => `${scheme}://127.0.0.1:0`,
    breakDown: ({ address }) => breakServer(portOf(address)),
    // Plain TCP refuses nobody.
    ...(certificate && {
      async beRefused(address: string) {
        const socket = connect(portOf(address), '127.0.0.1');
        socket.on('error', () => {});
        socket.end('no handshake');
        await once(socket, 'close');
      },
    }),
  };
}
