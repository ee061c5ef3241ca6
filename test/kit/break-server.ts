import { Server } from 'node:net';

interface Handles {
  _getActiveHandles(): unknown[];
}

/** Makes the server that listens on this port fail, as one that runs out of files does. */
export function breakServer(port: number): void {
  const servers = (process as unknown as Handles)._getActiveHandles().filter((handle) => handle instanceof Server);
  const server = servers.find((one) => (one.address() as { port?: number } | null)?.port === port);
  if (server === undefined) throw new Error(`no server listens on port ${port}`);
  server.emit('error', new Error('accept EMFILE'));
}
