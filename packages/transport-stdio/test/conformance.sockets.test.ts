import { randomBytes } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transportCases } from '@stmp/conformance';
import { StmpError } from '@stmp/contract';
import { stdioLink } from '@stmp/transport-stdio';
import { describe, it } from 'vitest';

/** A pipe of the system: what goes into the first comes out of the second. */
async function pipe(): Promise<{ readonly input: Socket; readonly output: Socket }> {
  const name = `stmp-pipe-${randomBytes(6).toString('hex')}`;
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const output = connect(path);
  const input = await accepted;
  server.close();
  return { input, output };
}

describe.concurrent('pipes', () => {
  const ended = new StmpError('connection_closed', 'the case is over');
  const cases = transportCases({
    kind: 'stream',
    async open({ highWaterBytes } = {}) {
      const [there, back] = await Promise.all([pipe(), pipe()]);
      const a = stdioLink(back.input, there.output, { highWaterBytes });
      const b = stdioLink(there.input, back.output, { highWaterBytes });
      return {
        a,
        b,
        async close() {
          a.abort(ended);
          b.abort(ended);
          await Promise.all([a.close(), b.close()]);
        },
      };
    },
  });
  for (const c of cases) it(c.name, { skip: c.skip !== false }, c.run);
});
