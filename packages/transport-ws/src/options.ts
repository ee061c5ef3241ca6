import { DEFAULT_MAX_PACKET_BYTES } from '@stmp/contract';

type TlsBytes = string | Uint8Array | readonly (string | Uint8Array)[];

/**
 * TLS settings for `wss:` in Node.js, with the words of `node:tls`. Browsers use their own and take none.
 * They are `TlsClientOptions` of `@stmp/link-duplex`, written out so that this entry needs no types of Node.js.
 */
export interface WsTlsOptions {
  /** Authorities to trust instead of those of Node.js, PEM. */
  readonly ca?: TlsBytes | undefined;
  /** The client's own certificate chain, PEM. */
  readonly cert?: TlsBytes | undefined;
  /** The key of `cert`, PEM. */
  readonly key?: TlsBytes | undefined;
  /** Certificate and key in one PKCS#12 file. */
  readonly pfx?: string | Uint8Array | undefined;
  /** Of `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** Certificate revocation lists, PEM. */
  readonly crl?: TlsBytes | undefined;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly ciphers?: string | undefined;
  /** False accepts any certificate: for tests only. Default true. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** The name to ask for and to check. Default: the host of the address. */
  readonly servername?: string | undefined;
  /** Checks the name against the certificate; returns an error to refuse. Default: that of Node.js. */
  // biome-ignore lint/suspicious/noExplicitAny: the certificate as node:tls describes it
  readonly checkServerIdentity?: ((host: string, certificate: any) => Error | undefined) | undefined;
}

/** permessage-deflate (RFC 7692). Costs CPU and memory per connection; worth it for large text on slow networks. */
export interface WsDeflateOptions {
  /** Messages below this many bytes go uncompressed. Default 1024. */
  readonly thresholdBytes?: number | undefined;
  /** Base 2 logarithm of the window of what the server compresses, 9 to 15. Default: what zlib takes, 15. */
  readonly windowBits?: number | undefined;
  /** Keep the window from message to message: smaller, at the price of memory that an idle connection holds. Default false. */
  readonly contextTakeover?: boolean | undefined;
  /** 1 (fast) to 9 (small). Default 6. */
  readonly level?: number | undefined;
}

export interface WsDialerOptions {
  /** Time for name look-up, TCP, TLS and the upgrade together. Default 10_000; 0 disables. */
  readonly connectTimeoutMs?: number | undefined;
  /** `send` reports false above this many queued bytes. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
  /** Node.js only: fields of the HTTP request, such as `Authorization`, `Cookie` or `Origin`. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Node.js only, for `wss:`; `ws:` takes no notice of it. */
  readonly tls?: WsTlsOptions | undefined;
  /** Offer permessage-deflate. Default false. Browsers decide by themselves. */
  readonly deflate?: boolean | WsDeflateOptions | undefined;
  /** Node.js only: an `http.Agent` or `https.Agent` that opens the connection, for a proxy for example. */
  readonly agent?: object | undefined;
}

export interface ResolvedWsDialerOptions {
  readonly connectTimeoutMs: number;
  readonly highWaterBytes: number;
}

/** A whole number of at least `min`, or the default. */
export function wholeNumber(name: string, value: number | undefined, fallback: number, min: number): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= min) return value;
  const wrong = `${name} must be a whole number of at least ${min}, got ${value}`;
  throw typeof value === 'number' ? new RangeError(wrong) : new TypeError(wrong);
}

/** Fills defaults and checks ranges. */
export function resolveWsDialerOptions(options: WsDialerOptions): ResolvedWsDialerOptions {
  return {
    connectTimeoutMs: wholeNumber('connectTimeoutMs', options.connectTimeoutMs, 10_000, 0),
    highWaterBytes: wholeNumber('highWaterBytes', options.highWaterBytes, 65_536, 1),
  };
}

/** `maxUnitBytes` as dial options and acceptors have it. */
export function resolveMaxUnitBytes(value: number | undefined): number {
  return wholeNumber('maxUnitBytes', value, DEFAULT_MAX_PACKET_BYTES, 1);
}
