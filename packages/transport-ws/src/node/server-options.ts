import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { TlsServerOptions } from '@stmp/link-duplex';
import type { WsDeflateOptions } from '../options.js';
import type { AllowedHosts } from './hosts.js';
import type { AllowedOrigins } from './origin.js';

export interface WsUpgraderOptions {
  /**
   * Origins of pages that may connect besides those of the same host and port. Requests without `Origin` are not
   * from pages and always may; `null` (sandboxed frames, files) may when the list names it or the function says so.
   */
  readonly allowedOrigins?: AllowedOrigins | undefined;
  /**
   * Names in `Host` for which a page counts as one of the same host. Default: `localhost`, names below it and loopback
   * addresses for what comes in over loopback, where these always are allowed; any name elsewhere. Behind a proxy on
   * the same machine name the public host, or its origin in `allowedOrigins`.
   */
  readonly allowedHosts?: AllowedHosts | undefined;
  /**
   * Names that the query may overlay on HTTP headers, besides the handshake's own. Never `cookie`, `origin`, `host`,
   * `authorization`, `forwarded`, `x-forwarded-*` and `x-real-ip`. Source: STMP 1.0, section 5.
   */
  readonly queryHeaders?: readonly string[] | undefined;
  /** Accept permessage-deflate. Default false. */
  readonly deflate?: boolean | WsDeflateOptions | undefined;
  /** `send` reports false above this many queued bytes. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
}

export interface WsListenerOptions extends WsUpgraderOptions {
  /**
   * Mount on this server instead of opening a port; of the address only the path counts then. Requests of other
   * paths are left to the server's other listeners, and it is neither started nor closed.
   */
  readonly server?: HttpServer | HttpsServer | undefined;
  /** Certificate and key for `wss:` addresses on a port of our own; `ws:` takes no notice of it. */
  readonly tls?: TlsServerOptions | undefined;
  /** Time for the request's head, on a port of our own. Default 10_000; 0 disables. */
  readonly handshakeTimeoutMs?: number | undefined;
}

declare module '@stmp/contract' {
  interface ListenOptionsByScheme {
    readonly ws: WsListenerOptions;
    readonly wss: WsListenerOptions;
  }
}
