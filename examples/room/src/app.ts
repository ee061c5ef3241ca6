import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { DrainOptions } from 'stmp';
import { createRoomServer, type RoomServer, type RoomServerOptions } from './server.js';
import { staticFiles } from './static-files.js';

/** Where the page connects to. */
export const WS_PATH = '/stmp';

export interface RoomAppOptions extends RoomServerOptions {
  /** Default `127.0.0.1`; `0.0.0.0` for everybody. */
  readonly host?: string | undefined;
  /** Default 5003; 0 chooses one. */
  readonly tcpPort?: number | undefined;
  /** For the page and WebSocket. Default 8080; 0 chooses one. */
  readonly httpPort?: number | undefined;
  /** Default: no KCP; 0 chooses one. */
  readonly kcpPort?: number | undefined;
  /** In PEM. With them all addresses are encrypted: `tls:`, `https:`, `wss:`, `kcps:`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** The built page. Default: `web/dist` of this example. */
  readonly webFolder?: string | undefined;
}

export interface RoomApp {
  readonly server: RoomServer;
  /** For a browser. */
  readonly pageUrl: string;
  /** For terminal clients. */
  readonly addresses: readonly string[];
  /** Says goodbye to all clients, lets begun calls finish, and ends. */
  drain(options?: DrainOptions): Promise<void>;
  close(): Promise<void>;
}

/** Starts the server on all its ports. @throws StmpError `listen_failed`, or what Node.js says about the HTTP port. */
export async function startRoomApp(options: RoomAppOptions = {}): Promise<RoomApp> {
  const { host = '127.0.0.1', tcpPort = 5003, httpPort = 8080, kcpPort, tls } = options;
  const webFolder = options.webFolder ?? fileURLToPath(new URL('../web/dist', import.meta.url));
  const server = createRoomServer(options);
  const files = staticFiles(webFolder);
  const http = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  http.on('request', (request, response) => {
    if (request.url?.split('?')[0] === WS_PATH) response.writeHead(426, { Upgrade: 'websocket' }).end('WebSocket only');
    else void files(request, response);
  });
  const end = async (how: (stmp: RoomServer['stmp']) => Promise<void>): Promise<void> => {
    http.close();
    await how(server.stmp);
    server.close();
    http.closeAllConnections();
  };
  try {
    const s = tls === undefined ? '' : 's';
    await listen(http, httpPort, host);
    const at = hostOf(host);
    const port = (http.address() as AddressInfo).port;
    await server.stmp.listen(`ws${s}://${at}:${port}${WS_PATH}`, { server: http });
    await server.stmp.listen(`${tls === undefined ? 'tcp' : 'tls'}://${at}:${tcpPort}`, tls && { tls });
    if (kcpPort !== undefined) await server.stmp.listen(`kcp${s}://${at}:${kcpPort}`, tls && { tls });
    return {
      server,
      pageUrl: `http${s}://${host === '0.0.0.0' || host === '::' ? 'localhost' : at}:${port}/`,
      addresses: server.stmp.addresses,
      drain: (how) => end((stmp) => stmp.drain(how)),
      close: () => end((stmp) => stmp.close()),
    };
  } catch (error) {
    await end((stmp) => stmp.close());
    throw error;
  }
}

const hostOf = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function listen(http: HttpServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
}
