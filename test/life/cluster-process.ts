// Two workers of node:cluster that listen on one port: `node --import tsx cluster-process.ts kcp`.
import cluster from 'node:cluster';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { createServer } from 'stmp';

const scheme = process.argv[2]!;

async function listen(port: number): Promise<string> {
  try {
    return (await createServer().listen(`${scheme}://127.0.0.1:${port}`)).address;
  } catch (error) {
    return String((error as Error).message);
  }
}

/** Free for TCP, and most likely for UDP as well. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function answer(worker: ReturnType<typeof cluster.fork>): Promise<string> {
  return new Promise((resolve) => worker.once('message', (message) => resolve(message as string)));
}

if (cluster.isPrimary) {
  const port = await freePort();
  const first = await answer(cluster.fork({ PORT: port }));
  const second = await answer(cluster.fork({ PORT: port }));
  process.send?.({ first, second });
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
  process.channel?.unref();
} else {
  process.send?.(await listen(Number(process.env.PORT)));
}
