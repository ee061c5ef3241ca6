// One server process: `node server.mjs KIND`. It answers questions of its parent over IPC.
import { adapterOf } from './kinds.mjs';

const kind = process.argv[2];
const { serve } = await adapterOf(kind);
const { port, broadcast } = await serve(kind);

let started = process.cpuUsage();
const cpuUs = () => {
  const { user, system } = process.cpuUsage(started);
  return user + system;
};

process.on('message', (message) => {
  if (message === 'start') {
    globalThis.gc?.();
    started = process.cpuUsage();
    process.send({ ok: true });
  } else if (message === 'cpu') {
    process.send({ cpuUs: cpuUs() });
  } else if (message === 'rss') {
    globalThis.gc?.();
    globalThis.gc?.();
    setTimeout(() => process.send({ rss: process.memoryUsage().rss, heap: process.memoryUsage().heapUsed }), 300);
  } else if (typeof message === 'object' && message.broadcast) {
    let left = message.broadcast;
    let delivered = 0;
    started = process.cpuUsage();
    const step = () => {
      delivered += broadcast();
      if (--left > 0) setTimeout(step, message.everyMs);
      else setTimeout(() => process.send({ cpuUs: cpuUs(), delivered }), 200);
    };
    step();
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ port, broadcasts: broadcast !== undefined });
