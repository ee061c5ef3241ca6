import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADDRESS, type MemoryRoom, memoryRoom } from './memory-room.js';
import { ROOM_PROTO, start, stmp } from './program.js';

const NAME = 'stmp.examples.quick_start.RoomService';
const LOBBY = '{"name":"lobby"}';
const ANSWER = '{"name":"lobby","users":["ann"]}\n';

let room: MemoryRoom;
const folder = mkdtempSync(join(tmpdir(), 'stmp-cli-'));
beforeAll(async () => {
  room = await memoryRoom();
});
afterAll(async () => {
  await room.close();
  rmSync(folder, { recursive: true });
});

const call = (argv: readonly string[], text?: string) =>
  stmp(['call', ADDRESS, ...argv], { clientOptions: room.clientOptions, ...(text !== undefined && { text }) });
const typed = (argv: readonly string[], text?: string) => call([...argv, '--proto', ROOM_PROTO], text);

describe('stmp call', () => {
  it.each([
    ['by service and method', 'RoomService.Join'],
    ['by its full name', `${NAME}.Join`],
    ['with a slash', `${NAME}/Join`],
    ['without regard to case', 'roomservice.join'],
  ])('names a method %s', async (_how, name) => {
    expect(await typed([name, LOBBY])).toEqual({ exitCode: 0, out: ANSWER, err: '' });
  });

  it.each(['protobuf', 'msgpack', 'json'])('speaks %s, and JSON on this side', async (codec) => {
    expect(await typed(['RoomService.Join', LOBBY, '--codec', codec])).toEqual({ exitCode: 0, out: ANSWER, err: '' });
  });

  it.each([['json'], ['msgpack']])('needs no .proto over %s', async (codec) => {
    expect(await call([`${NAME}.Join`, LOBBY, '--codec', codec])).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('"name":"lobby"'),
    });
  });

  it('prints {} for an answer without fields', async () => {
    expect(await typed(['RoomService.Exit', LOBBY])).toEqual({ exitCode: 0, out: '{}\n', err: '' });
  });

  it('sends the empty message when there is no JSON', async () => {
    expect(await typed(['RoomService.Join'])).toEqual({ exitCode: 0, out: '{"users":["ann"]}\n', err: '' });
  });

  it('takes values from the standard input, one a line or spread over lines, over one connection', async () => {
    const before = room.connections;
    const { out, err, exitCode } = await typed(
      ['RoomService.Join', '-'],
      `${LOBBY}\n{\n  "name": "a \\"}"\n}{"name":"b"}`,
    );
    expect([exitCode, err]).toEqual([0, '']);
    expect(out.trim().split('\n')).toEqual([
      ANSWER.trim(),
      '{"name":"a \\"}","users":["ann"]}',
      '{"name":"b","users":["ann"]}',
    ]);
    expect(room.connections).toBe(before + 1);
  });

  it('takes values from a file', async () => {
    writeFileSync(join(folder, 'in.json'), `${LOBBY}\n${LOBBY}\n`);
    expect(await typed(['RoomService.Join', `@${join(folder, 'in.json')}`])).toMatchObject({ out: ANSWER + ANSWER });
    expect(await typed(['RoomService.Join', '@none.json'])).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^stmp: cannot read none\.json: ENOENT/),
    });
  });

  it('ends with 4 for an answer with a status, and the calls behind it are not made', async () => {
    expect(await typed(['RoomService.Join', '-'], `${LOBBY}\n{"name":"closed"}\n${LOBBY}`)).toEqual({
      exitCode: 4,
      out: ANSWER,
      err: 'stmp: NotFound (0x22): no such room\n',
    });
  });

  it('lets no server steer the terminal', async () => {
    expect(await typed(['RoomService.Join', '{"name":"rude"}'])).toEqual({
      exitCode: 4,
      out: '',
      err: 'stmp: Conflict (0x28): a\\u001b]0;b\\u0007\\u009bc\n',
    });
    const { out } = await typed(['RoomService.Join', '{"name":"a\u009bb\\u001b"}']);
    expect(out).toBe('{"name":"a\\u009bb\\u001b","users":["ann"]}\n');
  });

  it('ends with 5 when no answer comes in time', async () => {
    const argv = [
      'call',
      ADDRESS,
      'RoomService.Join',
      '{"name":"slow"}',
      '--proto',
      ROOM_PROTO,
      '--timeout',
      '5s',
      '-v',
    ];
    const running = start(argv, { clientOptions: room.clientOptions });
    await expect.poll(() => running.err).toContain('connected to');
    await room.clock.advance(4_990);
    expect(running.err).not.toContain('stmp:');
    await room.clock.advance(100);
    expect(await running.ended).toMatchObject({
      exitCode: 5,
      out: '',
      err: expect.stringContaining(`stmp: ${NAME}.Join got no answer within 5000 ms\n`),
    });
  });

  it('ends with 130 on Ctrl-C', async () => {
    const argv = ['call', ADDRESS, 'RoomService.Join', '{"name":"slow"}', '--proto', ROOM_PROTO, '-v'];
    const running = start(argv, { clientOptions: room.clientOptions });
    await expect.poll(() => running.err).toContain('connected to');
    running.stop();
    expect(await running.ended).toMatchObject({ exitCode: 130, out: '' });
  });

  it('ends with 3 when nobody listens', async () => {
    const argv = ['call', 'memory://nobody', 'RoomService.Join', '--proto', ROOM_PROTO];
    expect(await stmp(argv, { clientOptions: room.clientOptions })).toEqual({
      exitCode: 3,
      out: '',
      err: 'stmp: cannot dial memory://nobody: nobody listens\n',
    });
  });

  it.each([
    [
      'a field of another type',
      ['RoomService.Join', '{"name":1}'],
      'the input does not fit: name: expected string, got number',
    ],
    [
      'a method that is not there',
      ['RoomService.Leave'],
      `there is no method RoomService.Leave; there are ${NAME}.Join, ${NAME}.Exit`,
    ],
    ['an event', ['RoomEvents.Join'], 'RoomEvents.Join is an event, which is listened to: stmp listen'],
    ['an option that is not there', ['RoomService.Join', '--nope'], "Unknown option '--nope'"],
    [
      'a codec that is not there',
      ['RoomService.Join', '--codec', 'xml'],
      '--codec must be protobuf, msgpack or json, not xml',
    ],
    [
      'a time without unit',
      ['RoomService.Join', '--timeout', '5'],
      '--timeout must be a time such as 500ms, 5s or 2m, not 5',
    ],
    ['a header without name', ['RoomService.Join', '-H', 'x'], "--header must be 'Name: value', not x"],
    ['text packets over byte streams', ['RoomService.Join', '--text'], '--text is for ws: and wss:, not memory:'],
    [
      'certificates without TLS',
      ['RoomService.Join', '--insecure'],
      '--ca, --cert, --key and --insecure are for tls:, wss: and kcps:, not memory:',
    ],
    ['two values', ['RoomService.Join', '{}', '{}'], 'call takes one value, not 2; put several into a file: @FILE'],
  ])('ends with 2 for %s, and connects nowhere', async (_what, argv, message) => {
    const before = room.connections;
    expect(await typed(argv)).toEqual({ exitCode: 2, out: '', err: `stmp: ${message}\nSee stmp call --help.\n` });
    expect(room.connections).toBe(before);
  });

  it('shows every fault of a .proto', async () => {
    writeFileSync(join(folder, 'bad.proto'), 'syntax = "proto3";\nmessage A { Nope a = 1; Nope b = 2; }\n');
    const { exitCode, err } = await call(['A.B', '--proto', join(folder, 'bad.proto')]);
    expect(exitCode).toBe(2);
    expect(err.match(/bad\.proto:2:/g)).toHaveLength(2);
  });

  it('sends headers with the handshake', async () => {
    const locked = await memoryRoom(true);
    const argv = ['call', ADDRESS, 'RoomService.Join', LOBBY, '--proto', ROOM_PROTO];
    const io = { clientOptions: locked.clientOptions };
    expect(await stmp([...argv, '-H', 'Token: x'], io)).toMatchObject({ exitCode: 0, out: ANSWER });
    expect(await stmp([...argv, '-H', 'Token: y'], io)).toEqual({
      exitCode: 3,
      out: '',
      err: 'stmp: Unauthorized (0x21): show a token\n',
    });
    await locked.close();
  });

  it('tells of the connection when asked to', async () => {
    const { out, err } = await typed(['RoomService.Join', LOBBY, '-v']);
    expect(out).toBe(ANSWER);
    expect(err).toMatch(/^connected to memory:\d+: application\/protobuf\nContent-Type: application\/protobuf\n/);
  });
});

describe('colours', () => {
  const fail = (env: Record<string, string>, isTerminal: boolean) => stmp(['nope'], { env, isTerminal });
  it('are for terminals, and not where NO_COLOR is set', async () => {
    expect((await fail({}, true)).err).toContain('\x1b[31mstmp: there is no nope');
    expect((await fail({}, false)).err).not.toContain('\x1b');
    expect((await fail({ NO_COLOR: '1' }, true)).err).not.toContain('\x1b');
    expect((await fail({ NO_COLOR: '' }, true)).err).toContain('\x1b');
  });
});
