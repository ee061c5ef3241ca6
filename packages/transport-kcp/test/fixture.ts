import type { ListenerFixture, TransportFixture } from '@stmp/conformance';
import { type Link, type LinkHandler, StmpError, type StreamLink } from '@stmp/contract';
import { type KcpLinkOptions, kcpDialer, kcpListener } from '@stmp/transport-kcp';
import selfsigned from 'selfsigned';

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

/**
 * A link of KCP is accepted with the first data, so the fixture sends one byte, which the accepted side must not see.
 */
function withoutFirstByte(link: StreamLink): StreamLink {
  let pending = true;
  return new Proxy(link, {
    get(target, name) {
      if (name === 'start') {
        return (handler: LinkHandler<Uint8Array>): void =>
          target.start({
            onData(unit) {
              const rest = pending ? unit.subarray(1) : unit;
              pending = false;
              if (rest.length > 0) handler.onData(rest);
            },
            onDrain: () => handler.onDrain(),
            onClose: (reason) => handler.onClose(reason),
          });
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function kcpFixture(tuning: KcpLinkOptions, certificate?: Certificate): TransportFixture {
  const scheme = certificate === undefined ? 'kcp' : 'kcps';
  const dialer = (highWaterBytes?: number) =>
    kcpDialer({ ...tuning, highWaterBytes, ...(certificate && { tls: { ca: certificate.cert } }) });
  const listener = (highWaterBytes?: number) => kcpListener({ ...tuning, highWaterBytes, tls: certificate });
  const ended = new StmpError('connection_closed', 'the case is over');
  return {
    kind: 'stream',
    endTravels: false,
    abortTravels: false,
    bulkBytes: 1_048_576,
    // The mark that the cases expect; that of KCP is higher.
    async open({ highWaterBytes = 65_536 } = {}) {
      let accepted: (link: Link) => void = () => {};
      const accepting = new Promise<Link>((resolve) => {
        accepted = resolve;
      });
      const listening = await listener(highWaterBytes).listen(`${scheme}://127.0.0.1:0`, {
        onLink: (link) => accepted(link),
      });
      const a = await dialer(highWaterBytes).dial(listening.address);
      if (certificate === undefined) (a as StreamLink).send(Uint8Array.of(0));
      const link = await accepting;
      const b = certificate === undefined ? withoutFirstByte(link as StreamLink) : link;
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
      const listening = await listener().listen(`${scheme}://127.0.0.1:0`, {
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
    // Without TLS nobody has to be there for a dial to succeed.
    ...(certificate && {
      async dialNobody() {
        const listening = await listener().listen(`${scheme}://127.0.0.1:0`, { onLink() {} });
        await listening.close();
        return dialer().dial(listening.address);
      },
    }),
  };
}

export function kcpListenerFixture(tuning: KcpLinkOptions, certificate?: Certificate): ListenerFixture {
  const scheme = certificate === undefined ? 'kcp' : 'kcps';
  return {
    kind: 'stream',
    listener: kcpListener({ ...tuning, tls: certificate }),
    dialer: kcpDialer({ ...tuning, ...(certificate && { tls: { ca: certificate.cert } }) }),
    address: () => `${scheme}://127.0.0.1:0`,
    dialNeedsListener: certificate !== undefined,
    endTravels: false,
  };
}
