import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Acceptor } from '@stmp/contract';
import { resolveTlsServerOptions, type TlsServerOptions } from '@stmp/link-duplex';
import { maskQuery } from '../address.js';
import { answerUpgrade, pathOf } from './http-answer.js';
import type { WsUpgrader } from './upgrader.js';

export type AnyServer = HttpServer | HttpsServer;

export interface Route {
  readonly acceptor: Acceptor;
  readonly upgrader: WsUpgrader;
}

/** The WebSocket paths of one HTTP server. */
export class Mount {
  readonly server: AnyServer;
  /** We made the server: paths that are not ours are answered, and it ends with its last route. */
  readonly isOwn: boolean;
  readonly #routes = new Map<string, Route>();

  constructor(server: AnyServer, isOwn: boolean) {
    this.server = server;
    this.isOwn = isOwn;
    server.on('upgrade', this.#onUpgrade);
    if (isOwn) {
      server.on('request', this.#onRequest);
      server.on('tlsClientError', (cause: Error, socket: { remoteAddress?: string }) => {
        const message = `TLS handshake failed: ${cause.message}`;
        this.#first()?.onRefuse?.({ reason: 'tls', message, remoteAddress: socket.remoteAddress, cause });
      });
    }
  }

  get isEmpty(): boolean {
    return this.#routes.size === 0;
  }

  /** @returns false when the path is taken. */
  add(path: string, route: Route): boolean {
    if (this.#routes.has(path)) return false;
    this.#routes.set(path, route);
    return true;
  }

  remove(path: string): void {
    this.#routes.delete(path);
    if (this.isEmpty) this.server.off('upgrade', this.#onUpgrade);
  }

  /** The server failed: no route is served any more. */
  fail(error: Error): void {
    const routes = [...this.#routes.values()];
    this.#routes.clear();
    for (const route of routes) route.acceptor.onError?.(error);
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const route = this.#routes.get(pathOf(request.url));
    if (route) {
      route.upgrader.handleUpgrade(request, socket, head);
      return;
    }
    // On somebody else's server another listener may know the path; alone, nobody ever answers.
    if (!this.isOwn && this.server.listenerCount('upgrade') > 1) return;
    answerUpgrade(socket, 404, 'not found');
    const message = `no listener for the path of ${maskQuery(request.url ?? '/')}`;
    this.#first()?.onRefuse?.({ reason: 'path', message, remoteAddress: request.socket.remoteAddress });
  };

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#routes.has(pathOf(request.url))) {
      response.writeHead(426, { Connection: 'Upgrade, close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
      response.end('WebSocket only');
    } else {
      response.writeHead(404, { Connection: 'close', 'Content-Type': 'text/plain' });
      response.end('not found');
    }
  };

  #first(): Acceptor | undefined {
    for (const route of this.#routes.values()) return route.acceptor;
    return undefined;
  }
}

/** An HTTP server that drops clients which are slow to say what they want. */
export function createOwnServer(tls: TlsServerOptions | undefined, handshakeTimeoutMs: number): AnyServer {
  const timeouts = {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    // Node.js looks for late requests only so often.
    connectionsCheckingInterval: Math.max(100, Math.min(30_000, Math.ceil(handshakeTimeoutMs / 4))),
  };
  return tls === undefined ? createServer(timeouts) : createTlsServer({ ...timeouts, ...resolveTlsServerOptions(tls) });
}
