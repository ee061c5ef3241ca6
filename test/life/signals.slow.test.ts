import { once } from 'node:events';
import { createClient } from '@stmp/connection';
import { Status } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { tcpDialer } from '@stmp/transport-tcp';
import { expect, it } from 'vitest';
import { startProcess } from './processes.js';
import { LoadService } from './service.js';

it.each(['SIGTERM', 'SIGINT'] as const)(
  'a server that gets %s answers what has begun, and ends by itself',
  async (signal) => {
    const server = await startProcess('test/life/signal-process.ts');
    const client = createClient(server.hello.address!, {
      codecs: [jsonCodec()],
      dialers: [tcpDialer()],
      reconnect: false,
    });
    try {
      await client.connect();
      const begun = once(server.child, 'message');
      const call = client.service(LoadService).work({ id: 7, ms: 400 });
      await begun;
      server.child.kill(signal);
      expect(await call).toEqual({ id: 7 });
      expect((await client.closed).status).toBe(Status.ServerShutdown);
      expect(await server.ended).toBe(0);
    } finally {
      await client.close();
      await server.kill();
    }
  },
);
