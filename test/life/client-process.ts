// Clients in a process of their own: `node --import tsx client-process.ts <port> <count>`. They call all the time,
// each call takes until its signal aborts.
import { createClient } from '@stmp/connection';
import { jsonCodec } from '@stmp/payload-json';
import { tcpDialer } from '@stmp/transport-tcp';
import { LoadService } from './service.js';

const [port = '', count = ''] = process.argv.slice(2);
const codec = jsonCodec();
let id = 1_000_000;
const clients = Array.from({ length: Number(count) }, () =>
  createClient(`tcp://127.0.0.1:${port}`, { codecs: [codec], dialers: [tcpDialer()] }),
);
await Promise.all(clients.map((client) => client.connect()));
for (const client of clients) {
  for (let i = 0; i < 5; i++) void client.service(LoadService).work({ id: ++id, ms: -1 });
}
setTimeout(() => process.send?.({ ready: 'yes' }), 100);
