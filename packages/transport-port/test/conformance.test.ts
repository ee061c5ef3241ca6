import { transportCases } from '@stmp/conformance';
import { StmpError } from '@stmp/contract';
import { describe, it } from 'vitest';
import { place } from './fixture.js';

describe.concurrent('ports', () => {
  const ended = new StmpError('connection_closed', 'the case is over');
  const cases = transportCases({
    kind: 'message',
    stallBytes: 4_194_304,
    async open({ highWaterBytes, maxUnitBytes } = {}) {
      const { dialer, accepted, close } = await place({ highWaterBytes }, { highWaterBytes }, undefined, maxUnitBytes);
      const [a, b] = [await dialer.dial('port:room'), await accepted];
      return {
        a,
        b,
        async close() {
          a.abort(ended);
          b.abort(ended);
          await close();
        },
      };
    },
    async dial(signal) {
      const { dialer, close } = await place({}, {}, (link) => link.start({ onData() {}, onDrain() {}, onClose() {} }));
      try {
        return await dialer.dial('port:room', { signal });
      } finally {
        await close();
      }
    },
    async dialNobody() {
      const { dialer, close } = await place();
      try {
        return await dialer.dial('port:nobody');
      } finally {
        await close();
      }
    },
  });
  for (const c of cases) it(c.name, { skip: c.skip !== false }, c.run);
});
