// A server in a process of its own: `node --import tsx server-process.ts <port> <log file>`.
// It writes every call down when it begins and when it ends, so that even SIGKILL loses nothing of the record.
import { closeSync, openSync, writeSync } from 'node:fs';
import { createServer } from '@stmp/connection';
import { audience } from '@stmp/connection-set';
import { jsonCodec } from '@stmp/payload-json';
import { tcpListener } from '@stmp/transport-tcp';
import { LoadEvents, LoadService } from './service.js';

const [port = '0', log = ''] = process.argv.slice(2);
const file = openSync(log, 'a');
const server = createServer({ codecs: [jsonCodec()], listeners: [tcpListener()] });
server.implement(LoadService, {
  async work({ id, ms }) {
    writeSync(file, `b${id}\n`);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    writeSync(file, `e${id}\n`);
    return { id };
  },
});
let n = 0;
const ticking = setInterval(() => {
  n++;
  audience(server.connections).emit(LoadEvents).tick({ n });
}, 200);

// How long this process stood still at most, since it was asked to drain.
let stallMs = 0;
let lastMs = Number.POSITIVE_INFINITY;
const watching = setInterval(() => {
  const nowMs = performance.now();
  stallMs = Math.max(stallMs, nowMs - lastMs - 10);
  if (lastMs < nowMs) lastMs = nowMs;
}, 10);

process.on('message', (message: { drain: number }) => {
  lastMs = performance.now();
  void server.drain({ withinMs: message.drain }).then(() => {
    // Nothing may hold the process from here on: its end is part of the test.
    clearInterval(ticking);
    clearInterval(watching);
    process.send?.({ stallMs });
    closeSync(file);
    process.disconnect();
  });
});
const { address } = await server.listen(`tcp://127.0.0.1:${port}`);
process.send?.({ address });
