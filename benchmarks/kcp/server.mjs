// `node server.mjs HOST PORT`: the same service over every kind, on PORT and the ports after it. Run by run.mjs.
import { createServer } from 'stmp';
import { addressOf, KINDS, LineService } from './service.mjs';

const [host, port] = [process.argv[2], Number(process.argv[3])];
// tcp comes last: once it can be dialed, so can the others.
for (const kind of [...KINDS].reverse()) {
  const server = createServer(kind === 'tcp' ? {} : { kcp: { preset: kind } });
  server.implement(LineService, {
    echo: ({ id, text }) => Promise.resolve({ id, text }),
    put: ({ id }) => Promise.resolve({ id }),
  });
  await server.listen(addressOf(kind, host, port));
}

let started = process.cpuUsage();
process.on('message', (message) => {
  if (message === 'start') started = process.cpuUsage();
  const { user, system } = process.cpuUsage(started);
  process.send({ cpuUs: user + system });
});
if (process.send !== undefined) {
  process.on('disconnect', () => process.exit());
  process.send({ ready: true });
}
