// The server: npm run room
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type DrainOptions, drainOnSignals } from 'stmp';
import { startRoomApp } from './app.js';

const HELP = `Usage: npm run room -- [options]

  --host HOST   address to listen on (127.0.0.1; 0.0.0.0 for everybody)
  --http PORT   port of the page and of WebSocket (8080)
  --tcp PORT    port of TCP (5003)
  --kcp PORT    also listen on this UDP port
  --cert FILE   certificate chain in PEM, and
  --key FILE    its key: encrypts everything
  --help        this text
`;

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    http: { type: 'string' },
    tcp: { type: 'string' },
    kcp: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    help: { type: 'boolean' },
  },
});

function portOf(name: 'http' | 'tcp' | 'kcp'): number | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  const port = Number(value);
  if (value.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`--${name} must be a port from 0 to 65535, got ${value}`);
  }
  return port;
}

async function main(): Promise<void> {
  const { cert, key } = values;
  if ((cert === undefined) !== (key === undefined)) throw new TypeError('--cert and --key go together');
  const app = await startRoomApp({
    host: values.host,
    httpPort: portOf('http'),
    tcpPort: portOf('tcp'),
    kcpPort: portOf('kcp'),
    tls: cert === undefined ? undefined : { cert: readFileSync(cert, 'utf8'), key: readFileSync(key!, 'utf8') },
  });
  console.log(`The room is open. In a browser: ${app.pageUrl}`);
  for (const address of app.addresses) console.log(`In a terminal: npm run room:client -- ${address} YOUR-NAME`);
  console.log('Ctrl-C closes it.');
  drainOnSignals(
    {
      async drain(options?: DrainOptions) {
        const { size } = app.server.stmp.connections;
        console.log(`Goodbye; ${size} ${size === 1 ? 'connection' : 'connections'} to close.`);
        await app.drain(options);
        console.log('The room is closed.');
      },
    },
    { withinMs: 500, graceMs: 1_000 },
  );
}

if (values.help) console.log(HELP);
else {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
