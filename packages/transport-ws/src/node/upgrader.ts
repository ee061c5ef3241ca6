import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Acceptor } from '@stmp/contract';
import { type WebSocket, WebSocketServer } from 'ws';
import { maskQuery } from '../address.js';
import { resolveMaxUnitBytes } from '../options.js';
import { answerUpgrade } from './http-answer.js';
import { WsLink } from './link.js';
import { resolveWsUpgraderOptions } from './resolve-server-options.js';
import type { WsUpgraderOptions } from './server-options.js';
import { UpgradeRecord } from './upgrade-record.js';

/** Turns upgrade requests, whatever server they came to, into links. */
export interface WsUpgrader {
  /**
   * Takes over the socket of an upgrade request: the arguments of an `upgrade` event. Which path it has is the
   * caller's business. What is no WebSocket upgrade, or comes from a foreign page, is answered and reported.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
}

/**
 * For servers and frameworks that hand out upgrade requests themselves.
 * @param acceptor gets the links, and hears of refusals.
 */
export function createWsUpgrader(acceptor: Acceptor, options: WsUpgraderOptions = {}): WsUpgrader {
  const { isAllowed, isOurHost, queryHeaders, deflate, highWaterBytes } = resolveWsUpgraderOptions(options);
  const maxUnitBytes = resolveMaxUnitBytes(acceptor.maxUnitBytes);
  const settings = { client: false, highWaterBytes, maxUnitBytes, deflateFromBytes: deflate.thresholdBytes };
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: deflate.perMessageDeflate,
    maxPayload: Math.min(maxUnitBytes, 0x7fff_ffff),
  });
  const refuse = (request: IncomingMessage, reason: string, message: string, cause?: unknown): void => {
    acceptor.onRefuse?.({ reason, message, remoteAddress: request.socket.remoteAddress, cause });
  };
  server.on('wsClientError', (cause: Error, socket: Duplex, request: IncomingMessage) => {
    answerUpgrade(socket, 400, cause.message, { 'Sec-WebSocket-Version': '13' });
    refuse(request, 'upgrade', `no WebSocket upgrade: ${cause.message}`, cause);
  });

  return {
    handleUpgrade(request, socket, head) {
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
        answerUpgrade(socket, 426, 'WebSocket only', { Connection: 'Upgrade, close', Upgrade: 'websocket' });
        return refuse(request, 'upgrade', `expected an upgrade to websocket, got ${quote(request.headers.upgrade)}`);
      }
      if (!isAllowed(request)) {
        answerUpgrade(socket, 403, 'origin not allowed');
        const { origin, host } = request.headers;
        const url = maskQuery(request.url ?? '/');
        if (!isOurHost(request)) {
          const what = `a page of ${quote(origin)} asked the host ${quote(host)} for ${url}`;
          return refuse(request, 'host', `${what}; the options allowedHosts and allowedOrigins can let it in`);
        }
        const what = `origin ${quote(origin)} is not the host ${quote(host)} of ${url}`;
        return refuse(request, 'origin', `${what}; the option allowedOrigins can let it in`);
      }
      server.handleUpgrade(request, socket, head as Buffer, (ws: WebSocket) => {
        const link = new WsLink(ws, socket, settings, new UpgradeRecord(request, queryHeaders));
        acceptor.onLink(link);
        link.hold();
      });
    },
  };
}

function quote(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value.slice(0, 200));
}
