import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Acceptor } from '@stmp/contract';
import { nodeTlsOptions, resolveTlsServerOptions, type TlsServerOptions } from '@stmp/link-duplex';
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
  /** Sockets in the middle of TLS's handshake, by the address of their peer. */
  readonly #securing = new Map<string, Socket>();

  #tls: TlsServerOptions | undefined;

  /** @param tls of a server of our own. */
  constructor(server: AnyServer, isOwn: boolean, tls?: TlsServerOptions) {
    this.server = server;
    this.isOwn = isOwn;
    this.#tls = tls;
    server.on('upgrade', this.#onUpgrade);
    if (isOwn) {
      server.on('request', this.#onRequest);
      server.on('tlsClientError', (cause: Error, socket: { remoteAddress?: string }) => {
        const message = `TLS handshake failed: ${cause.message}`;
        this.#first()?.onRefuse?.({ reason: 'tls', message, remoteAddress: socket.remoteAddress, cause });
      });
      if ('setSecureContext' in server) {
        server.on('connection', this.#onConnection);
        server.on('secureConnection', (socket: Socket) => this.#securing.delete(peerKey(socket)));
      }
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

  /** Replaces options for new connections; those not given stay, on a server of our own. */
  reloadTls(changed: TlsServerOptions): void {
    if (!('setSecureContext' in this.server)) return;
    const all = { ...this.#tls, ...changed };
    this.server.setSecureContext(this.isOwn ? resolveTlsServerOptions(all) : nodeTlsOptions(all));
    if (this.isOwn) this.#tls = all;
  }

  /** Closes a server of our own, and with it every connection that has not become a link. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    for (const socket of this.#securing.values()) socket.destroy();
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

  readonly #onConnection = (socket: Socket): void => {
    const key = peerKey(socket);
    this.#securing.set(key, socket);
    socket.once('close', () => {
      if (this.#securing.get(key) === socket) this.#securing.delete(key);
    });
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

/** Equal for a socket and what TLS made of it. */
function peerKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
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
