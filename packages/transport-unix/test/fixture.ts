import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransportFixture } from '@stmp/conformance';
import { type Link, StmpError } from '@stmp/contract';
import { unixDialer, unixListener } from '@stmp/transport-unix';

/** An address of its own, short as the system wants it. */
export function freshAddress(): string {
  const name = `stmp-${randomBytes(6).toString('hex')}`;
  return process.platform === 'win32' ? `unix://./pipe/${name}` : `unix:${join(tmpdir(), name)}`;
}

/** Both ends over one listener each, which is closed with them. */
export function unixFixture(): TransportFixture {
  const ended = new StmpError('connection_closed', 'the case is over');
  return {
    kind: 'stream',
    async open({ highWaterBytes } = {}) {
      let accepted: (link: Link) => void = () => {};
      const accepting = new Promise<Link>((resolve) => {
        accepted = resolve;
      });
      const listening = await unixListener({ highWaterBytes }).listen(freshAddress(), {
        onLink: (link) => accepted(link),
      });
      const a = await unixDialer({ highWaterBytes }).dial(listening.address);
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
      const listening = await unixListener().listen(freshAddress(), {
        onLink: (link) => link.start({ onData() {}, onDrain() {}, onClose() {} }),
      });
      try {
        return await unixDialer().dial(listening.address, { signal });
      } finally {
        await listening.close();
      }
    },
    dialNobody: () => unixDialer().dial(freshAddress()),
  };
}
