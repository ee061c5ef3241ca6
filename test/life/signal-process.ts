// A server that drains when it is told to end: `node --import tsx signal-process.ts`.
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, drainOnSignals } from 'stmp';
import { LoadService } from './service.js';

const server = createServer();
server.implement(LoadService, {
  async work({ id, ms }) {
    process.send?.({ begun: id });
    await sleep(ms);
    return { id };
  },
});
drainOnSignals(server, { withinMs: 100, graceMs: 5_000 });
const { address } = await server.listen('tcp://127.0.0.1:0');
process.send?.({ address });
// The channel to the test must not hold this process.
process.channel?.unref();
