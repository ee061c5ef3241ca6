import { setTimeout as sleep } from 'node:timers/promises';
import { encodePacket } from '@stmp/packet';
import { seeded } from '../kit/index.js';
import { until } from '../life/load.js';
import { LoadService } from '../life/service.js';
import { closeAll, closed, HELLO, keepCalling, newClients, rawSocket, startBench } from './bench.js';
import type { FaultCase } from './kit.js';

const ACTION = LoadService.methods.work.action;

/** Bytes that are no conversation: noise, broken handshakes, good handshakes with broken packets behind them. */
function malformed(random: () => number): Uint8Array {
  const noise = Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256));
  const kind = random();
  if (kind < 0.2) return noise;
  const hello = HELLO.slice();
  if (kind < 0.5) {
    hello[Math.floor(random() * hello.length)] = Math.floor(random() * 256);
    return hello;
  }
  if (kind < 0.6) return hello.subarray(0, Math.floor(random() * hello.length));
  const packet = encodePacket({ kind: 'request', mid: 7, action: ACTION, payload: noise }, 'stream');
  packet[Math.floor(random() * packet.length)] = Math.floor(random() * 256);
  return Uint8Array.from([...hello, ...packet, ...noise]);
}

/** Peers without manners. While they try, others are served. */
export const ATTACK_CASES: readonly FaultCase[] = [
  {
    name: 'slow-loris handshake',
    async run(scale, tally) {
      const bench = await startBench(tally, { handshakeTimeoutMs: 500 });
      const clients = await newClients(4, bench.port);
      const stop = keepCalling(tally, clients, 20);
      const sockets = await Promise.all(Array.from({ length: scale.loris }, () => rawSocket(bench.port)));
      let at = 0;
      const drip = setInterval(() => {
        for (const socket of sockets) socket.write(HELLO.subarray(at % HELLO.length, (at % HELLO.length) + 1));
        at++;
      }, 100);
      try {
        for (const socket of sockets) socket.resume();
        await Promise.all(sockets.map(closed));
        await until('all refused', () => bench.server.counters().connectionsRefused === scale.loris);
        tally.figures.refused = bench.server.counters().connectionsRefused;
      } finally {
        clearInterval(drip);
        await stop();
        await closeAll(clients);
        await bench.close();
      }
    },
  },
  {
    name: 'malformed connections',
    async run(scale, tally) {
      const errors: unknown[] = [];
      const bench = await startBench(tally, {
        handshakeTimeoutMs: 300,
        hooks: { onError: (error) => void errors.push(error) },
      });
      const clients = await newClients(4, bench.port);
      const stop = keepCalling(tally, clients, 20);
      const random = seeded(20_240_607);
      try {
        const BATCH = 100;
        for (let done = 0; done < scale.malformed; done += BATCH) {
          await Promise.all(
            Array.from({ length: BATCH }, async () => {
              const bytes = malformed(random);
              const socket = await rawSocket(bench.port);
              socket.resume();
              if (random() < 0.5) socket.end(bytes);
              else socket.write(bytes);
              // Those that were lucky enough to make sense are closed by us.
              await Promise.race([closed(socket), sleep(400)]);
              socket.destroy();
              await closed(socket);
            }),
          );
        }
        // The last of them may not have been seen to go yet.
        await until('all were counted, and only good ones are left', () => {
          const { connectionsOpen, connectionsOpened, connectionsRefused } = bench.server.counters();
          return (
            connectionsOpen === clients.length &&
            connectionsRefused + connectionsOpened === scale.malformed + clients.length
          );
        });
        const { connectionsRefused, connectionsOpened } = bench.server.counters();
        tally.figures.refused = connectionsRefused;
        tally.figures.brokenLater = connectionsOpened - clients.length;
        // Payloads that were not JSON, answered BadRequest, are no errors of user code.
        if (errors.length > 0) throw errors[0];
      } finally {
        await stop();
        await closeAll(clients);
        await bench.close();
      }
    },
  },
  {
    name: 'packet flood',
    async run(scale, tally) {
      const bench = await startBench(tally);
      const clients = await newClients(4, bench.port);
      let slowestMs = 0;
      const stop = keepCalling(tally, clients, 20, 0);
      const socket = await rawSocket(bench.port);
      socket.resume();
      socket.write(HELLO);
      await sleep(50);
      // Pings, events for nobody, requests for nobody, answers to nothing.
      const unit = [
        Uint8Array.of(0x80),
        encodePacket({ kind: 'notify', action: 0x1234 }, 'stream'),
        encodePacket({ kind: 'request', mid: 9, action: 0x1234 }, 'stream'),
        encodePacket({ kind: 'response', mid: 77, status: 0 }, 'stream'),
      ];
      const PACKETS = 1_000;
      const chunk = Buffer.concat(Array.from({ length: PACKETS }, (_, i) => unit[i % unit.length]!));
      try {
        const before = bench.server.counters().callsIn;
        for (let sent = 0; sent < scale.flood && !socket.destroyed; sent += PACKETS) {
          if (!socket.write(chunk))
            await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed(socket)]);
          const startMs = performance.now();
          await new Promise((resolve) => setImmediate(resolve));
          slowestMs = Math.max(slowestMs, performance.now() - startMs);
        }
        tally.figures.floodCalls = bench.server.counters().callsIn - before - tally.begun;
        tally.figures.slowestTurnMs = Math.round(slowestMs);
        // And with a rate: the flood ends, and says why.
        const limited = await startBench(tally, { rates: { packetsPerSecond: 1_000 } });
        const second = await rawSocket(limited.port);
        const got: Buffer[] = [];
        second.on('data', (data) => got.push(data));
        second.write(HELLO);
        await sleep(50);
        while (!second.destroyed) {
          second.write(chunk);
          await Promise.race([closed(second), sleep(20)]);
        }
        await limited.close();
        const last = Buffer.concat(got);
        if (!last.includes(Buffer.from([0xd8, 0x25])) && !last.includes(Buffer.from([0xd0, 0x25])))
          throw new Error('the flood was not told TooManyRequests');
      } finally {
        socket.destroy();
        await closed(socket);
        await stop();
        await closeAll(clients);
        await bench.close();
      }
    },
  },
];
