import { check, equal, sameBytes } from '../assert.js';
import { concat, createRandom, randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { rest } from '../time.js';
import type { Bench } from './bench.js';
import type { Probe } from './probe.js';

const onlyMessages = 'a stream has no boundaries and no text';

/** 300 units of 0 to 300 bytes, each telling its number. */
function smallUnits(seed: number): Uint8Array[] {
  const random = createRandom(seed);
  return Array.from({ length: 300 }, (_, i) => {
    const unit = randomBytes(2 + random(300), seed + i);
    unit[0] = i & 0xff;
    unit[1] = i >>> 8;
    return unit;
  });
}

function expectUnits(bench: Bench, probe: Probe, expected: readonly Uint8Array[], what: string): void {
  sameBytes(probe.bytes, concat(expected), what);
  if (bench.isStream) return;
  equal(probe.units.length, expected.length, `${what}: number of messages`);
  expected.forEach((unit, i) => {
    sameBytes(probe.units[i] as Uint8Array, unit, `${what}: message ${i}`);
  });
}

/** What is sent arrives: all of it, once, in order, unchanged. */
export function dataCases(bench: Bench): Case[] {
  return [
    defineCase('small units arrive in order, both ways at once', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const there = smallUnits(1);
        const back = smallUnits(2);
        for (let i = 0; i < there.length; i++) {
          a.send(there[i] as Uint8Array);
          b.send(back[i] as Uint8Array);
        }
        await b.received(concat(there).length);
        await a.received(concat(back).length);
        expectUnits(bench, b, there, 'a to b');
        expectUnits(bench, a, back, 'b to a');
      }),
    ),
    defineCase('units sent one per turn arrive in order', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const units = smallUnits(3).slice(0, 50);
        for (const unit of units) {
          a.send(unit);
          await rest(0);
        }
        await b.received(concat(units).length);
        expectUnits(bench, b, units, 'a to b');
      }),
    ),
    defineCase('a long run of units arrives once, and nothing after it', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const units = Array.from({ length: 250 }, (_, i) => Uint8Array.of(i, 0, i ^ 0xff));
        for (const unit of units) {
          a.send(unit);
          await undefined;
        }
        await b.received(3 * units.length);
        await rest();
        expectUnits(bench, b, units, 'a to b');
      }),
    ),
    defineCase('units of all sizes arrive whole', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const sizes = [
          1, 2, 125, 126, 127, 1375, 1376, 1377, 4096, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_003,
        ];
        const units = sizes.map((size, i) => randomBytes(size, 100 + i));
        for (const unit of units) a.send(unit);
        await b.received(concat(units).length);
        expectUnits(bench, b, units, 'a to b');
      }),
    ),
    defineCase('what arrived stays as it was while more arrives', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const copies: Uint8Array[] = [];
        b.onUnit = (unit) => copies.push((unit as Uint8Array).slice());
        const sent = Array.from({ length: 100 }, (_, i) => randomBytes(700, 200 + i));
        for (const unit of sent) {
          a.send(unit);
          if (copies.length % 7 === 0) await rest(0);
        }
        await b.received(70_000);
        // The handler owns what it got: a buffer that is used again would have changed under the first ones.
        sameBytes(b.bytes, concat(copies), 'units looked at again');
        sameBytes(b.bytes, concat(sent), 'a to b');
      }),
    ),
    defineCase('a view into a larger array sends the view alone', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const whole = randomBytes(3000, 5);
        a.send(whole.subarray(1000, 1777));
        a.send(whole.subarray(2999));
        await b.received(778);
        await rest();
        expectUnits(bench, b, [whole.subarray(1000, 1777), whole.subarray(2999)], 'a to b');
      }),
    ),
    defineCase('one array can be sent on many links and is left as it was', false, async () => {
      const unit = randomBytes(5000, 6);
      const copy = unit.slice();
      await bench.pair((a1, b1) =>
        bench.pair((a2, b2) =>
          bench.pair(async (a3, b3) => {
            const writers = [a1, b1, a2, b2, a3, b3];
            for (const probe of writers) probe.start();
            for (let i = 0; i < 3; i++) for (const probe of writers) probe.send(unit);
            for (const probe of writers) {
              await probe.received(15_000);
              expectUnits(bench, probe, [copy, copy, copy], 'each end');
            }
            sameBytes(unit, copy, 'the array that was sent');
          }),
        ),
      );
    }),
    defineCase(
      'messages keep their boundaries, text stays text, empty ones arrive',
      bench.isStream && onlyMessages,
      () =>
        bench.pair(async (a, b) => {
          a.start();
          b.start();
          const bytes = randomBytes(10, 7);
          const sent = [
            'plain',
            bytes,
            'gr\u00fc\u00df \u{1f600} \u0000 end',
            '',
            new Uint8Array(0),
            'x'.repeat(70_000),
            bytes,
          ];
          for (const unit of sent) a.send(unit);
          await b.until(`${sent.length} messages`, () => b.units.length >= sent.length);
          sent.forEach((unit, i) => {
            const got = b.units[i];
            if (typeof unit === 'string') equal(got, unit, `message ${i}`);
            else {
              check(got instanceof Uint8Array, `message ${i}: expected bytes, got text`);
              sameBytes(got, unit, `message ${i}`);
            }
          });
        }),
    ),
    defineCase('an empty unit on a stream is harmless', !bench.isStream && 'messages may be empty', () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        a.send(new Uint8Array(0));
        a.send(Uint8Array.of(1));
        a.send(new Uint8Array(0));
        a.send(Uint8Array.of(2));
        await b.received(2);
        sameBytes(b.bytes, Uint8Array.of(1, 2), 'a to b');
      }),
    ),
    defineCase('nothing is lost before start', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        const units = smallUnits(8);
        for (const unit of units) a.send(unit);
        await rest(50);
        b.start();
        await b.received(concat(units).length);
        expectUnits(bench, b, units, 'a to b');
      }),
    ),
    defineCase('an end that wants to talk can send before it is started', false, () =>
      bench.pair(async (a, b) => {
        b.start();
        a.send(Uint8Array.of(1, 2, 3));
        b.send(Uint8Array.of(4));
        await b.received(3);
        await rest();
        a.start();
        await a.received(1);
        sameBytes(a.bytes, Uint8Array.of(4), 'b to a');
      }),
    ),
    defineCase('a larger message than maxUnitBytes closes with too_large', bench.isStream && onlyMessages, () =>
      bench.pair(
        async (a, b) => {
          a.start();
          b.start();
          a.send(new Uint8Array(1000));
          await b.received(1000);
          a.send(new Uint8Array(1001));
          const reason = await b.closed();
          equal(reason?.code, 'too_large', "reason at b (does the fixture's open() give maxUnitBytes to b?)");
          equal(b.units.length, 1, 'messages delivered');
          await a.closed();
        },
        { maxUnitBytes: 1000 },
      ),
    ),
  ];
}
