// What the engine costs by itself: node packages/engine/bench/engine.mjs, after a build.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  clientHandshake,
  clientHeaders,
  createInbound,
  createMessageEngine,
  createStreamEngine,
  EngineEvent,
  encodeNotify,
  resolveEngineOptions,
  serverHandshake,
} from '../dist/index.js';

// A young generation that holds a whole round, so that what is allocated can be read off the heap.
const FLAGS = ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256'];
if (globalThis.gc === undefined) {
  process.exit(
    spawnSync(process.execPath, [...FLAGS, fileURLToPath(import.meta.url)], { stdio: 'inherit' }).status ?? 1,
  );
}

const content = [{ contentType: 'application/protobuf', text: false }];
const options = resolveEngineOptions();
const payload = new Uint8Array(36).fill(7);
const ACTION = 0x9162_db85;
const inbound = createInbound();

function settle(client, server) {
  for (let turn = 0; turn < 4; turn++) {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      while (from.poll(inbound) !== EngineEvent.None);
      if (from.phase === 'authenticating') from.answerHello({}, 0);
      for (let unit = from.takeOutput(Infinity); unit !== undefined; unit = from.takeOutput(Infinity))
        to.receive(unit, 0);
    }
  }
  while (client.poll(inbound) !== EngineEvent.None);
  while (server.poll(inbound) !== EngineEvent.None);
}

function pair(kind) {
  const outOfBand = kind === 'message';
  const create = outOfBand ? createMessageEngine : createStreamEngine;
  const offer = { content, outOfBand };
  const hello = outOfBand ? clientHeaders(offer, 'message') : undefined;
  const client = create({ handshake: clientHandshake(offer), options, nowMs: 0 });
  const server = create({ handshake: serverHandshake({ content, hello }), options, nowMs: 0 });
  settle(client, server);
  return { client, server };
}

/** `count` calls, `batch` of them per turn, through client, server and back. */
function roundTrips({ client, server }, count, batch, timeoutMs) {
  for (let done = 0; done < count; done += batch) {
    for (let i = 0; i < batch; i++) client.call(payload, ACTION, undefined, payload, done, timeoutMs);
    for (let unit = client.takeOutput(Infinity); unit !== undefined; unit = client.takeOutput(Infinity)) {
      server.receive(unit, done);
    }
    while (server.poll(inbound) === EngineEvent.Request) server.respond(inbound.mid, 0, undefined, payload);
    for (let unit = server.takeOutput(Infinity); unit !== undefined; unit = server.takeOutput(Infinity)) {
      client.receive(unit, done);
    }
    let answers = 0;
    while (client.poll(inbound) === EngineEvent.Response) answers++;
    if (answers !== batch) throw new Error(`${answers} answers to ${batch} calls`);
  }
}

/** One prepared event to many connections. */
function broadcast(engines, event, count) {
  for (let round = 0; round < count; round += engines.length) {
    for (const engine of engines) {
      engine.writeEncoded(event);
      if (engine.takeOutput(Infinity) !== event) throw new Error('the event was copied');
    }
  }
}

function measure(name, packets, count, work) {
  for (let i = 0; i < 5; i++) work(count / 5);
  const times = [];
  const heap = [];
  const buffers = [];
  for (let i = 0; i < 9; i++) {
    globalThis.gc();
    const before = process.memoryUsage();
    const began = performance.now();
    work(count);
    times.push(((performance.now() - began) * 1e6) / count);
    const after = process.memoryUsage();
    heap.push((after.heapUsed - before.heapUsed) / count / packets);
    buffers.push((after.arrayBuffers - before.arrayBuffers) / count / packets);
  }
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1].toFixed(0);
  const best = Math.min(...times).toFixed(0);
  console.log(
    `${name.padEnd(45)} best ${best.padStart(4)}, median ${median(times).padStart(4)} ns, ${median(heap).padStart(5)} B heap/packet  ${median(buffers).padStart(4)} B buffers/packet`,
  );
}

for (const kind of ['stream', 'message']) {
  for (const batch of [1, 64]) {
    for (const timeoutMs of [0, 30_000]) {
      const engines = pair(kind);
      measure(`${kind}, ${batch} per turn${timeoutMs ? ', with deadline' : ''}: round trip`, 2, 128_000, (count) =>
        roundTrips(engines, count, batch, timeoutMs),
      );
    }
  }
}
const members = Array.from({ length: 1_000 }, () => pair('stream').server);
const event = encodeNotify('stream', ACTION, undefined, payload);
measure('stream, prepared event: per member', 1, 500_000, (count) => broadcast(members, event, count));

globalThis.gc();
const before = process.memoryUsage().heapUsed;
const idle = Array.from({ length: 5_000 }, () => pair('stream').server);
globalThis.gc();
console.log(
  `idle server engine, session and handshake included: ${Math.round((process.memoryUsage().heapUsed - before) / idle.length)} B`,
);
