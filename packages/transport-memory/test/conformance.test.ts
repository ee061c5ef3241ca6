import { listenerCases, transportCases } from '@stmp/conformance';
import { type MemoryOptions, memoryPair, memoryTransport } from '@stmp/transport-memory';
import { describe, it } from 'vitest';

const everyByte = (unit: Uint8Array): Uint8Array[] =>
  unit.length > 500 ? [unit.subarray(0, 1), unit.subarray(1)] : [...unit].map((byte) => Uint8Array.of(byte));

const kinds: [string, MemoryOptions & { kind: 'stream' | 'message' }][] = [
  ['stream', { kind: 'stream' }],
  ['stream in pieces', { kind: 'stream', chunk: everyByte }],
  ['message', { kind: 'message' }],
];

for (const [name, options] of kinds) {
  describe.concurrent(`memory: ${name}`, () => {
    const cases = transportCases({
      kind: options.kind,
      stallBytes: 1_048_576,
      async open({ highWaterBytes, maxUnitBytes } = {}) {
        const [a, b] = memoryPair({ ...options, highWaterBytes, maxUnitBytes });
        return { a, b, async close() {} };
      },
      async dial(signal) {
        const { dialer, listener } = memoryTransport(options);
        await listener.listen('memory://x', {
          onLink: (link) => link.start({ onData() {}, onDrain() {}, onClose() {} }),
        });
        return dialer.dial('memory://x', { signal });
      },
      dialNobody: () => memoryTransport(options).dialer.dial('memory://nobody'),
    });
    let stands = 0;
    const listening = listenerCases({
      kind: options.kind,
      ...memoryTransport(options),
      address: () => `memory://stand-${stands++}`,
    });
    for (const c of [...cases, ...listening]) it(c.name, { skip: c.skip !== false }, c.run);
  });
}
