import { describe, expect, it } from 'vitest';
import { createInbound, createMessageEngine, EngineEvent } from '../src/index.js';
import { serverHandshake } from './harness.js';

const hello = [
  ['Accept', 'application/json'],
  ['Stmp-Version', '1.0'],
  ['Packet-Format', 'text'],
  ['Stmp-Extensions', 'drain,cancel'],
] as const;

function readyServer() {
  const content = [{ contentType: 'application/json', text: true }];
  const engine = createMessageEngine({ handshake: serverHandshake({ content, hello }), nowMs: 0 });
  const into = createInbound();
  expect(engine.poll(into)).toBe(EngineEvent.Hello);
  engine.answerHello({}, 0);
  expect(engine.poll(into)).toBe(EngineEvent.Ready);
  return { engine, into };
}

// The original sends text packets in binary messages, with payloads of any bytes. Source: STMP 1.0, section 5.
describe('text packets in binary messages', () => {
  it('keep payload bytes that are not UTF-8', () => {
    const { engine, into } = readyServer();
    engine.receive(Uint8Array.from([...new TextEncoder().encode('Q1:1001\nP'), 0xff, 0x00, 0x80]), 1);
    expect(engine.poll(into)).toBe(EngineEvent.Request);
    expect(into.text).toBeUndefined();
    expect([...into.bytes.subarray(into.start, into.end)]).toEqual([0xff, 0x00, 0x80]);
  });

  it('read the id of a cancel in hex, as in text messages', () => {
    const { engine, into } = readyServer();
    for (const unit of ['N2\nP1F', new TextEncoder().encode('N2\nP1F')]) {
      engine.receive(unit, 1);
      expect(engine.poll(into)).toBe(EngineEvent.Cancel);
      expect(into.mid).toBe(0x1f);
    }
  });
});
