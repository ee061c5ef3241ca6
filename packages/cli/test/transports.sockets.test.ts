// The quick-start example over everything it may be reached by.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { createServer, type Server } from 'stmp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RoomEvents, RoomService } from '../../../examples/quick-start/src/generated/quick_start.js';
import { createRoomServer } from '../../../examples/quick-start/src/room-server.js';
import { createRoomServer as createChatServer } from '../../../examples/room/src/server.js';
import { ROOM_PROTO, start, stmp } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'stmp-cli-'));
const ca = join(folder, 'ca.pem');
let plain: Server;
let secured: Server;
const addresses: Record<string, string> = {};

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  writeFileSync(ca, made.cert);
  plain = createRoomServer();
  for (const scheme of ['tcp', 'ws', 'kcp'])
    addresses[scheme] = (await plain.listen(`${scheme}://127.0.0.1:0${scheme === 'ws' ? '/room' : ''}`)).address;
  secured = createServer({
    tls: { cert: made.cert, key: made.private },
    gzip: true,
    authenticate: ({ headers }) => ({ identity: { token: headers.get('Token') } }),
  }) as Server;
  secured.implement(RoomService, {
    join({ name }, { connection }) {
      connection.emit(RoomEvents).join({ user: 'bob' });
      return { name, users: [String((connection.identity as { token: string }).token)] };
    },
    exit() {},
  });
  for (const scheme of ['tls', 'wss', 'kcps'])
    addresses[scheme] = (await secured.listen(`${scheme}://127.0.0.1:0`)).address;
});
afterAll(async () => {
  await Promise.all([plain.close(), secured.close()]);
  rmSync(folder, { recursive: true });
});

const LOBBY = '{"name":"lobby"}';
const TRUST = ['--ca', ca, '-H', 'Token: x'];

describe.each([
  ['tcp', 'tcp', []],
  ['ws', 'ws', []],
  ['ws with text packets', 'ws', ['--text']],
  ['kcp', 'kcp', []],
])('over %s', (_name, scheme, more) => {
  it('calls, listens, pings and measures', async () => {
    const url = addresses[scheme]!;
    const schema = ['--proto', ROOM_PROTO, ...more];
    const listener = start([
      'listen',
      url,
      'RoomEvents.Join',
      '-n',
      '1',
      '--call',
      `RoomService.Join ${LOBBY}`,
      ...schema,
    ]);
    await expect.poll(() => listener.err).toContain('RoomService.Join: {"name":"lobby","users":["127.0.0.1:');
    const called = await stmp(['call', url, 'RoomService.Join', LOBBY, ...schema]);
    expect([called.exitCode, called.err]).toEqual([0, '']);
    const { name, users } = JSON.parse(called.out) as { name: string; users: string[] };
    expect([name, users.length]).toEqual(['lobby', 2]);
    const { exitCode, out } = await listener.ended;
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual({ event: 'stmp.examples.quick_start.RoomEvents.Join', data: { user: users[1] } });
    expect(await stmp(['ping', url, '-n', '1', ...more])).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^\{"ping":1,"ms":[\d.]+\}\n$/),
    });
    const load = await stmp(['bench', url, 'RoomService.Exit', LOBBY, '-c', '2', '-n', '10', '--json', ...schema]);
    expect(load).toMatchObject({ exitCode: 0, err: '' });
    expect(JSON.parse(load.out)).toMatchObject({ answered: 10, errors: {}, connections: 2 });
  });
});

describe.each([
  ['tls', 'tls', []],
  ['tls with gzip', 'tls', ['--gzip']],
  ['wss', 'wss', []],
  ['wss with text packets', 'wss', ['--text']],
  ['kcps', 'kcps', []],
])('over %s', (_name, scheme, more) => {
  it('trusts whom it is told to, and shows its token', async () => {
    const argv = ['call', addresses[scheme]!, 'RoomService.Join', LOBBY, '--proto', ROOM_PROTO, ...more];
    expect(await stmp([...argv, ...TRUST])).toEqual({ exitCode: 0, out: '{"name":"lobby","users":["x"]}\n', err: '' });
    expect(await stmp([...argv, '--insecure'])).toMatchObject({ exitCode: 0 });
    const { exitCode, out, err } = await stmp(argv);
    expect([exitCode, out]).toEqual([3, '']);
    expect(err).toMatch(/^stmp: .*; name the authority to trust with --ca\n$/);
  });
});

describe('the room example', () => {
  it('is spoken with by its own numbers, after a login', async () => {
    const app = createChatServer();
    const { address } = await app.stmp.listen('tcp://127.0.0.1:0');
    const schema = ['--proto', 'examples/room/proto/room.proto'];
    const login = (name: string): string[] => ['--call', `UserService.Login {"name":"${name}"}`];
    expect(await stmp(['call', address, 'RoomService.ListRoom', ...schema])).toMatchObject({ exitCode: 4, out: '' });
    expect(
      await stmp(['call', address, 'RoomService.CreateRoom', '{"name":"tea room"}', ...login('ann'), ...schema]),
    ).toEqual({ exitCode: 0, out: expect.stringMatching(/^\{"room":\{"name":"tea room","id":".+"\}\}\n$/), err: '' });
    const listener = start(
      ['listen', address, 'RoomEvents.NewMessage', '-n', '1', ...schema, ...login('bob')].concat(
        '--call',
        'RoomService.JoinRoom {"name":"tea room"}',
      ),
    );
    await expect.poll(() => listener.err).toContain('RoomService.JoinRoom: ');
    const enter = ['--call', 'RoomService.JoinRoom {"name":"tea room"}'];
    const sent = await stmp([
      'call',
      address,
      'RoomService.SendMessage',
      '{"room":"tea room","content":"hi"}',
      ...login('eve'),
      ...enter,
      ...schema,
    ]);
    expect([sent.exitCode, sent.err]).toEqual([0, '']);
    const { message } = JSON.parse(sent.out) as { message: { seq: string; createdAt: string } };
    expect(message).toMatchObject({ seq: '1', room: 'tea room', user: 'eve', content: 'hi' });
    expect(message.createdAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(JSON.parse((await listener.ended).out)).toEqual({
      event: 'stmp.examples.room.RoomEvents.NewMessage',
      data: { message },
    });
    app.close();
    await app.stmp.close();
  });
});

it('says what the connection speaks', async () => {
  const argv = ['call', addresses.tls!, 'RoomService.Join', LOBBY, '--proto', ROOM_PROTO, '--gzip', '-v', ...TRUST];
  expect((await stmp(argv)).err).toMatch(/^connected to 127\.0\.0\.1:\d+: application\/protobuf, gzip\n/);
});

it('ends with 3 where nobody listens', async () => {
  const listening = await plain.listen('tcp://127.0.0.1:0');
  await listening.close();
  expect(await stmp(['call', listening.address, 'RoomService.Join', '--proto', ROOM_PROTO])).toEqual({
    exitCode: 3,
    out: '',
    err: `stmp: cannot dial ${listening.address}: ECONNREFUSED\n`,
  });
});

it('names the schemes that there are', async () => {
  const { exitCode, err } = await stmp(['call', 'nope://x', 'RoomService.Join', '--proto', ROOM_PROTO]);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/^stmp: no transport for "nope:"; known schemes: .*tcp, tls/);
});
