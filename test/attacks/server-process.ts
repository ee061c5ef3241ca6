// A server with the defaults, in a process of its own, which tells what it costs: `node --import tsx server-process.ts`.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipCompression } from '@stmp/compression-gzip';
import { createServer } from '@stmp/connection';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { tcpListener } from '@stmp/transport-tcp';
import { AttackedService } from './service.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const server = createServer({
  codecs: [jsonCodec(), msgpackCodec()],
  compressions: [gzipCompression()],
  listeners: [tcpListener()],
  hooks: { onError: () => {} },
});
server.implement(AttackedService, {
  echo: (input) => input,
  hang: () => new Promise(() => {}),
});

process.on('message', () => {
  collect();
  process.send?.({
    rssMb: process.memoryUsage().rss / 1_048_576,
    worstMb: process.resourceUsage().maxRSS / 1_024,
    sockets: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length,
    connections: server.counters().connectionsOpen,
  });
});
const { address } = await server.listen('tcp://127.0.0.1:0');
process.send?.({ address });
