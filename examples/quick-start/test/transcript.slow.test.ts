import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('prints every call, reply and event, and exits with 0 within seconds', () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8', timeout: 120_000 });
  // Ports are chosen by the system: each is named when it first appears.
  const names = new Map<string, string>();
  const transcript = stdout.replace(/127\.0\.0\.1:(\d+)/g, (address) => {
    if (!names.has(address)) names.set(address, String.fromCharCode(65 + names.size));
    return names.get(address)!;
  });
  expect(stderr).toBe('');
  const lines = transcript.trimEnd().split('\n');
  // Bob's call and the event it causes for Alice travel on two connections: either may be printed first.
  const reply = lines.findIndex((line) => line.startsWith('bob    <- RoomModel'));
  const event = lines.findIndex((line) => line.startsWith('alice  <- RoomEvents.Join'));
  if (reply < event) [lines[reply], lines[event]] = [lines[event]!, lines[reply]!];
  const left = lines.indexOf('bob    <- Empty {}');
  const exit = lines.findIndex((line) => line.startsWith('alice  <- RoomEvents.Exit'));
  if (left < exit) [lines[left], lines[exit]] = [lines[exit]!, lines[left]!];
  const [alice, bob] = [...names.values()].slice(2);
  expect(lines).toEqual([
    'server listens on tcp://A',
    'server listens on ws://B/quick_start',
    'alice  connected over TCP, application/protobuf',
    'bob    connected over WebSocket, application/protobuf',
    "alice  -> RoomService.Join { name: 'lobby' }",
    `alice  <- RoomModel { name: 'lobby', users: ['${alice}'] }`,
    "bob    -> RoomService.Join { name: 'lobby' }",
    `alice  <- RoomEvents.Join { user: '${bob}' }`,
    `bob    <- RoomModel { name: 'lobby', users: ['${alice}', '${bob}'] }`,
    "bob    -> RoomService.Exit { name: 'lobby' }",
    `alice  <- RoomEvents.Exit { user: '${bob}' }`,
    'bob    <- Empty {}',
    "alice  -> RoomService.Exit { name: 'lobby' }",
    'alice  <- Empty {}',
    'server closed',
  ]);
  expect(status).toBe(0);
});
