import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Latencies } from '../src/latencies.js';
import { ADDRESS, type MemoryRoom, memoryRoom } from './memory-room.js';
import { ROOM_PROTO, start, stmp } from './program.js';

let room: MemoryRoom;
beforeEach(async () => {
  room = await memoryRoom();
});
afterEach(() => room.close());

const bench = (argv: readonly string[], more: object = {}) =>
  stmp(['bench', ADDRESS, 'RoomService.Join', ...argv, '--proto', ROOM_PROTO], {
    clientOptions: room.clientOptions,
    ...more,
  });
const NO_TIME = { mean: 0, p50: 0, p99: 0, p999: 0, most: 0 };

describe('stmp bench', () => {
  it('makes as many calls as it is told, over as many connections', async () => {
    const { exitCode, out, err } = await bench(['{"name":"lobby"}', '-c', '3', '-n', '20', '--json']);
    expect([exitCode, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual({
      answered: 20,
      errors: {},
      connections: 3,
      inFlight: 1,
      seconds: 0,
      answersPerSecond: 0,
      ms: NO_TIME,
    });
    expect(room.connections).toBe(3);
  });

  it('makes calls first that do not count, on each connection', async () => {
    const first = ['--call', 'RoomService.Join {"name":"lobby"}'];
    const argv = ['{"name":"lobby"}', '-c', '2', '-n', '4', '--json'];
    const { out, err } = await bench([...argv, ...first]);
    expect([JSON.parse(out), err]).toEqual([expect.objectContaining({ answered: 4, connections: 2 }), '']);
    expect(room.joins).toBe(6);
  });

  it('prints the same for people', async () => {
    expect((await bench(['{"name":"lobby"}', '-c', '1', '-n', '5'])).out).toBe(
      [
        '5 answers over 1 connections in 0 s: 0 a second',
        'p50        0.000 ms',
        'p99        0.000 ms',
        'p99.9      0.000 ms',
        'most       0.000 ms',
        '',
      ].join('\n'),
    );
  });

  it('measures how long answers take', async () => {
    const slow = start(
      [
        'bench',
        ADDRESS,
        'RoomService.Join',
        '{"name":"slow"}',
        '--proto',
        ROOM_PROTO,
        '-c',
        '1',
        '-n',
        '4',
        '--in-flight',
        '2',
        '--json',
        '--timeout',
        '2s',
      ],
      { clientOptions: room.clientOptions },
    );
    await expect.poll(() => room.clock.timers).toBeGreaterThan(1);
    await room.clock.advance(10_000);
    const { exitCode, out, err } = await slow.ended;
    expect(JSON.parse(out)).toMatchObject({ answered: 0, errors: { call_timeout: 4 } });
    expect(exitCode).toBe(5);
    expect(err).toContain('stmp: 4 of 4 calls failed, the first with: ');
  });

  it('counts errors by status, and ends with what the first of them means', async () => {
    const inputs = '{"name":"lobby"}\n{"name":"closed"}\n';
    const { exitCode, out, err } = await bench(['-', '-c', '2', '-n', '10', '--json'], { text: inputs });
    expect(JSON.parse(out)).toMatchObject({ answered: 5, errors: { 'NotFound (0x22)': 5 } });
    expect([exitCode, err]).toEqual([4, 'stmp: 5 of 10 calls failed, the first with: NotFound (0x22): no such room\n']);
  });

  it('ends with 3 when its connections end', async () => {
    const { exitCode, out } = await bench(['{"name":"away"}', '-c', '2', '-n', '100', '--json']);
    expect(exitCode).toBe(3);
    expect((JSON.parse(out) as { answered: number }).answered).toBeLessThan(100);
  });

  it('shows on a terminal how far it is', async () => {
    const { err } = await bench(['{"name":"lobby"}', '-c', '1', '-n', '4'], { isTerminal: true });
    const [empty, ...bars] = err.split('\r');
    expect([empty, ...bars]).toEqual([
      '',
      `[${'#'.repeat(10)}${' '.repeat(30)}] 25 %`,
      `[${'#'.repeat(20)}${' '.repeat(20)}] 50 %`,
      `[${'#'.repeat(30)}${' '.repeat(10)}] 75 %`,
      `[${'#'.repeat(40)}] 100 %`,
      '\x1b[K',
    ]);
  });
});

describe('latencies', () => {
  it('are told within 1 %, and never above the most', () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 1_000; ms++) latencies.add(ms);
    for (const [share, ms] of [
      [0.5, 500],
      [0.99, 990],
      [0.999, 999],
    ] as const) {
      expect(Math.abs(latencies.quantileMs(share) / ms - 1)).toBeLessThan(0.01);
    }
    expect(latencies.quantileMs(1)).toBeLessThanOrEqual(1_000);
    expect([latencies.count, latencies.meanMs, latencies.mostMs]).toEqual([1_000, 500.5, 1_000]);
  });

  it('take what is next to nothing, and what takes days', () => {
    const latencies = new Latencies();
    latencies.add(0);
    latencies.add(1e12);
    expect([latencies.quantileMs(0.5), latencies.mostMs]).toEqual([0, 1e12]);
    expect(new Latencies().quantileMs(0.5)).toBe(0);
  });
});
