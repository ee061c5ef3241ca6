import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS, type MemoryRoom, memoryRoom } from './memory-room.js';
import { ROOM_PROTO, start, stmp } from './program.js';

const EVENT = 'stmp.examples.quick_start.RoomEvents.Join';

let room: MemoryRoom;
beforeEach(async () => {
  room = await memoryRoom();
});
afterEach(() => room.close());

const listen = (argv: readonly string[]) =>
  start(['listen', ADDRESS, ...argv, '--proto', ROOM_PROTO], { clientOptions: room.clientOptions });
const join = (name: string): string[] => ['--call', `RoomService.Join {"name":"${name}"}`];

describe('stmp listen', () => {
  it('makes its calls, and prints events until there are enough', async () => {
    expect(await listen(['RoomEvents.*', ...join('lobby'), '-n', '1']).ended).toEqual({
      exitCode: 0,
      out: `{"event":"${EVENT}","data":{"user":"user 1"}}\n`,
      err: `connected to ${ADDRESS}\nstmp.examples.quick_start.RoomService.Join: {"name":"lobby","users":["ann"]}\n`,
    });
  });

  it('hears only the events that were asked for', async () => {
    const running = listen(['RoomEvents.Exit', ...join('lobby')]);
    await expect.poll(() => running.err).toContain('connected');
    running.stop();
    expect(await running.ended).toMatchObject({ exitCode: 0, out: '' });
  });

  it('connects again when the connection is lost, and makes its calls again', async () => {
    const running = listen([...join('away'), '-n', '2']);
    await expect.poll(() => running.err).toContain('next attempt in');
    await room.clock.advance(30_000);
    expect(await running.ended).toMatchObject({
      exitCode: 0,
      out: `{"event":"${EVENT}","data":{"user":"user 1"}}\n{"event":"${EVENT}","data":{"user":"user 2"}}\n`,
    });
  });

  it('says why it is not connected, and goes on', async () => {
    const running = start(['listen', 'memory://nobody', '--proto', ROOM_PROTO], { clientOptions: room.clientOptions });
    const line = 'cannot dial memory://nobody: nobody listens; next attempt in 0.3 s\n';
    await expect.poll(() => running.err).toBe(line);
    running.stop();
    expect(await running.ended).toEqual({ exitCode: 0, out: '', err: line });
  });

  it('ends with 4 when a call of its is refused for good', async () => {
    const { exitCode, err } = await listen(join('closed')).ended;
    expect([exitCode, err]).toEqual([4, `connected to ${ADDRESS}\nstmp: NotFound (0x22): no such room\n`]);
  });

  it('says which events there are', async () => {
    const { exitCode, err } = await listen(['Nope.*']).ended;
    expect(exitCode).toBe(2);
    expect(err).toContain(`there is no event Nope.*; there are ${EVENT}, `);
    expect((await stmp(['listen', ADDRESS])).err).toContain('listen needs --proto');
  });
});

describe('stmp ping', () => {
  it('prints a time for each, and ends after as many as were asked for', async () => {
    const argv = ['ping', ADDRESS, '-n', '2', '-i', '3s'];
    const running = start(argv, { clientOptions: room.clientOptions });
    await expect.poll(() => running.out).toBe('{"ping":1,"ms":0}\n');
    await room.clock.advance(2_999);
    expect(running.out).toBe('{"ping":1,"ms":0}\n');
    await room.clock.advance(1);
    expect(await running.ended).toMatchObject({
      exitCode: 0,
      out: '{"ping":1,"ms":0}\n{"ping":2,"ms":0}\n',
      err: expect.stringMatching(/^connected to memory:\d+ in 0 ms\nleast 0 ms, mean 0 ms, most 0 ms\n$/),
    });
  });

  it('ends early on Ctrl-C, which is no fault', async () => {
    const running = start(['ping', ADDRESS], { clientOptions: room.clientOptions });
    await expect.poll(() => running.out).toContain('"ping":1');
    running.stop();
    expect(await running.ended).toMatchObject({ exitCode: 0 });
  });
});
