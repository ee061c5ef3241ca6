import { transportCases } from '@stmp/conformance';
import type { MessageLinkOptions } from '@stmp/link-message';
import { describe, it } from 'vitest';
import { queuePair } from './pair.js';

const paths: [string, (deliver: () => void) => void, MessageLinkOptions][] = [
  ['at once', (deliver) => deliver(), {}],
  ['in microtasks', (deliver) => queueMicrotask(deliver), {}],
  ['in pieces', (deliver) => queueMicrotask(deliver), { maxPostBytes: 1000 }],
  ['with a narrow window', (deliver) => deliver(), { windowBytes: 1 }],
];

for (const [name, carry, options] of paths) {
  describe.concurrent(`messages carried ${name}`, () => {
    const cases = transportCases({
      kind: 'message',
      stallBytes: 1_048_576,
      async open({ highWaterBytes, maxUnitBytes } = {}) {
        const limits = { ...options, highWaterBytes };
        const { a, b } = queuePair(carry, limits, { ...limits, maxUnitBytes }, false);
        return { a: a.link, b: b.link, async close() {} };
      },
    });
    for (const c of cases) it(c.name, { skip: c.skip !== false }, c.run);
  });
}
