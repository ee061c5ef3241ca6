// A server in a process of its own, over all transports: `node --import tsx silent-process.ts <its keepalive, as JSON>`.
import { createServer } from '@stmp/connection';
import { jsonCodec } from '@stmp/payload-json';
import { kcpListener } from '@stmp/transport-kcp';
import { tcpListener } from '@stmp/transport-tcp';
import { wsListener } from '@stmp/transport-ws/server';
import { certificate } from '../table/rows.js';
import { SilentService } from './silent-service.js';

const keepalive = JSON.parse(process.argv[2]!) as { pingIntervalMs: number; idleTimeoutMs: number };
const tls = await certificate();
let ended = 0;
const server = createServer({
  codecs: [jsonCodec()],
  keepalive,
  listeners: [tcpListener({ tls }), wsListener({ tls }), kcpListener({ tls, idleTimeoutMs: keepalive.idleTimeoutMs })],
  hooks: { onClose: () => void ended++ },
});
server.implement(SilentService, {
  later: ({ ms }) => new Promise((resolve) => setTimeout(() => resolve({ ended }), ms)),
});
const addresses: string[] = [];
for (const scheme of ['tcp', 'tls', 'ws', 'wss', 'kcp', 'kcps'])
  addresses.push((await server.listen(`${scheme}://127.0.0.1:0`)).address);
process.on('disconnect', () => process.exit());
process.send?.({ addresses: addresses.join(' '), ca: tls.cert });
