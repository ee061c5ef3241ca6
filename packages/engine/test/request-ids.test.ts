import { encodePacket, encodeTextPacket, type Packet } from '@stmp/packet';
import { expect, it } from 'vitest';
import { createInbound, createMessageEngine, createStreamEngine, EngineEvent, type NewEngine } from '../src/index.js';
import { serverHandshake } from './harness.js';

const CONTENT = [{ contentType: 'application/json', text: true }];

function readyServer(create: (start: NewEngine) => ReturnType<typeof createStreamEngine>, text: boolean) {
  const hello: [string, string][] = [
    ['Accept', 'application/json'],
    ['Stmp-Version', '1.0'],
  ];
  if (text) hello.push(['Packet-Format', 'text']);
  const engine = create({ handshake: serverHandshake({ content: CONTENT, hello }), nowMs: 0 });
  const into = createInbound();
  engine.poll(into);
  engine.answerHello({}, 0);
  expect(engine.poll(into)).toBe(EngineEvent.Ready);
  return { engine, into };
}

// Ids are 1 to 65535. Source: STMP 1.0, section 2.
it.each<
  [form: string, create: typeof createStreamEngine, text: boolean, write: (packet: Packet) => Uint8Array | string]
>([
  ['a stream', createStreamEngine, false, (packet) => encodePacket(packet, 'stream')],
  ['a binary message', createMessageEngine, false, (packet) => encodePacket(packet, 'message')],
  ['a text message', createMessageEngine, true, (packet) => encodeTextPacket(packet)],
  [
    'text in a binary message',
    createMessageEngine,
    true,
    (packet) => new TextEncoder().encode(encodeTextPacket(packet)),
  ],
])('a request with the id 0 in %s breaks the rules', (_form, create, text, write) => {
  const { engine, into } = readyServer(create, text);
  engine.receive(write({ kind: 'request', mid: 1, action: 0x1101 }), 1);
  expect(engine.poll(into)).toBe(EngineEvent.Request);
  // The original answers each notify with one, which is passed over.
  engine.receive(write({ kind: 'response', mid: 0, status: 0 }), 1);
  expect(engine.poll(into)).toBe(EngineEvent.None);
  engine.receive(write({ kind: 'request', mid: 0, action: 0x1101 }), 1);
  expect(engine.poll(into)).toBe(EngineEvent.Closed);
  expect(engine.ending).toMatchObject({ status: 0x03, origin: 'local' });
});
