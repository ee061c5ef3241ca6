import { encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { expect, it } from 'vitest';
import { FakeClock, LifeEvents, LifeService, settle, testServer } from './harness.js';
import { type RawPeer, rawPeer } from './raw-peer.js';

const ECHO = LifeService.methods.echo.action;
const TICK = LifeEvents.methods.tick.action;
const payload = new TextEncoder().encode('{"n":1}');
const many = (count: number, unit: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(count * unit.length);
  for (let i = 0; i < count; i++) bytes.set(unit, i * unit.length);
  return bytes;
};

/** Time that goes on by a tenth of a millisecond each time that it is looked at. */
class WorkingClock extends FakeClock {
  override nowMs(): number {
    this.now += 0.1;
    return this.now;
  }
}

function bench(clock = new FakeClock(), work: () => void = () => {}) {
  const server = testServer(clock, { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } });
  let handled = 0;
  server.implement(LifeService, {
    echo: (input) => {
      handled++;
      work();
      return input;
    },
    work: (input) => input,
  });
  server.on(LifeEvents, { tick: () => void handled++ });
  const connect = (): RawPeer => {
    const [mine, theirs] = memoryPair({ highWaterBytes: 1_000_000_000 });
    server.serve(theirs);
    return rawPeer(mine, 'client');
  };
  const end = async (): Promise<void> => {
    const closed = server.close();
    await clock.advance(20_000);
    await closed;
  };
  return { server, connect, end, handled: () => handled };
}

const request = encodePacket({ kind: 'request', mid: 1, action: ECHO, payload }, 'stream');
const FLOODS: [name: string, unit: Uint8Array][] = [
  ['requests', request],
  ['events', encodePacket({ kind: 'notify', action: TICK, payload }, 'stream')],
  ['pings', Uint8Array.of(0x80)],
  ['pongs', Uint8Array.of(0x90)],
  ['requests for nobody', encodePacket({ kind: 'request', mid: 9, action: 0x9999 }, 'stream')],
  ['events for nobody', encodePacket({ kind: 'notify', action: 0x9999 }, 'stream')],
  ['answers to nothing', encodePacket({ kind: 'response', mid: 77, status: 0 }, 'stream')],
];

it.each(FLOODS)('a flood of %s lets others have their turn', async (_name, unit) => {
  const { server, connect, end } = bench();
  const flood = connect();
  const other = connect();
  await settle();
  const COUNT = 60_000;
  flood.send(many(COUNT, unit));
  other.send(request);
  const flooding = [...server.connections][0] as unknown as { readonly engine: { readonly packetsIn: number } };
  let turns = 0;
  let answeredIn = -1;
  while (flooding.engine.packetsIn < COUNT && turns < 1_000) {
    await settle();
    turns++;
    if (answeredIn < 0 && other.packets.length > 0) answeredIn = turns;
  }
  expect(flooding.engine.packetsIn).toBe(COUNT);
  expect(turns).toBeGreaterThan(5);
  expect(answeredIn).toBe(1);
  await end();
});

it('slow handlers give way by the clock', async () => {
  const clock = new WorkingClock();
  const { connect, handled, end } = bench(clock, () => {
    clock.now += 1;
  });
  const flood = connect();
  await settle();
  flood.send(many(100, request));
  await settle();
  expect(handled()).toBeLessThanOrEqual(24);
  for (let i = 0; i < 100 && handled() < 100; i++) await settle();
  expect(handled()).toBe(100);
  await end();
});

it('nothing is lost, doubled or out of order by giving way, and the end comes last', async () => {
  const clock = new FakeClock();
  const server = testServer(clock);
  const heard: number[] = [];
  const ends: string[] = [];
  server.on(LifeEvents, { tick: ({ n }) => void heard.push(n) });
  const [mine, theirs] = memoryPair({ highWaterBytes: 1_000_000_000 });
  const far = server.serve(theirs);
  far.onClose(() => void ends.push(`end after ${heard.length}`));
  const peer = rawPeer(mine, 'client');
  await settle();
  const COUNT = 10_000;
  for (let n = 0; n < COUNT; n++) {
    const text = new TextEncoder().encode(JSON.stringify({ n }));
    peer.send(encodePacket({ kind: 'notify', action: TICK, payload: text }, 'stream'));
  }
  await peer.link.close();
  for (let i = 0; i < 200 && ends.length === 0; i++) await settle();
  expect(heard).toEqual(Array.from({ length: COUNT }, (_, n) => n));
  expect(ends).toEqual([`end after ${COUNT}`]);
  const closed = server.close();
  await clock.advance(20_000);
  await closed;
});
