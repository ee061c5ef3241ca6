import { constants } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** PEM text or bytes, or several of them. */
export type TlsBytes = string | Uint8Array | readonly (string | Uint8Array)[];

/** Default of `handshakeTimeoutMs`. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

/** TLS options that both ends have; the words mean what they mean in `node:tls`. */
export interface TlsOptions {
  /** Certificate authorities to trust. Default: those of Node.js. */
  readonly ca?: TlsBytes | undefined;
  /** Own certificate chain, PEM. */
  readonly cert?: TlsBytes | undefined;
  /** Key of {@link cert}, PEM. */
  readonly key?: TlsBytes | undefined;
  /** Certificate and key in one PKCS#12 file, instead of `cert` and `key`. */
  readonly pfx?: string | Uint8Array | undefined;
  /** Of `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** Certificate revocation lists, PEM. */
  readonly crl?: TlsBytes | undefined;
  /** Protocol names to agree on. Default: none, as STMP needs none. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** Nothing below TLS 1.2 is spoken, whatever Node.js is told. Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /** In OpenSSL's notation. */
  readonly ciphers?: string | undefined;
  /**
   * Client: refuse a server whose certificate does not check. Server with `requestCert`: refuse a client without a
   * certificate that checks. Default true.
   */
  readonly rejectUnauthorized?: boolean | undefined;
}

export interface TlsClientOptions extends TlsOptions {
  /** The name to ask for and to check. Default: the host of the address; an IP address is checked but not asked for. */
  readonly servername?: string | undefined;
  /** Checks the name against the certificate; returns an error to refuse. Default: `tls.checkServerIdentity`. */
  // biome-ignore lint/suspicious/noExplicitAny: the certificate as node:tls describes it
  readonly checkServerIdentity?: ((host: string, certificate: any) => Error | undefined) | undefined;
}

/** `cert` and `key`, or `pfx`, are needed. */
export interface TlsServerOptions extends TlsOptions {
  /** Ask clients for a certificate: mutual TLS, with the client authorities in `ca`. Default false. */
  readonly requestCert?: boolean | undefined;
  /** A client whose handshake takes longer is dropped. Default 10_000, at least 1. */
  readonly handshakeTimeoutMs?: number | undefined;
}

const VERSIONS: readonly unknown[] = ['TLSv1.2', 'TLSv1.3'];
const COMMON = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'crl', 'minVersion', 'maxVersion', 'ciphers'] as const;
const OTHER = ['rejectUnauthorized', 'requestCert', 'servername', 'checkServerIdentity'] as const;
const KNOWN: ReadonlySet<string> = new Set([...COMMON, ...OTHER, 'alpnProtocols', 'handshakeTimeoutMs']);

/**
 * The options as `node:tls` and `node:https` take them, without renegotiation. Those that are undefined are left out:
 * Node.js takes some of them for a choice.
 * @throws TypeError for an unknown name, or certificates and keys that cannot be read.
 */
export function nodeTlsOptions(options: TlsClientOptions | TlsServerOptions): Record<string, unknown> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`tls must be an object of options, got ${options === null ? 'null' : typeof options}`);
  }
  const given = options as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    if (!KNOWN.has(name)) throw new TypeError(`tls.${name} is not an option`);
  }
  for (const name of [...COMMON, ...OTHER]) {
    if (given[name] !== undefined) out[name] = given[name];
  }
  for (const name of ['minVersion', 'maxVersion']) {
    if (out[name] !== undefined && !VERSIONS.includes(out[name])) {
      throw new TypeError(`tls.${name} must be 'TLSv1.2' or 'TLSv1.3', got ${String(out[name])}`);
    }
  }
  out.minVersion ??= 'TLSv1.2';
  // A handshake costs its sender next to nothing, and STMP never needs a second one.
  out.secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
  const { alpnProtocols, handshakeTimeoutMs } = options as TlsServerOptions;
  if (alpnProtocols !== undefined) out.ALPNProtocols = [...alpnProtocols];
  if (handshakeTimeoutMs !== undefined) out.handshakeTimeout = handshakeTimeoutMs;
  try {
    createSecureContext(out);
  } catch (error) {
    throw new TypeError(`tls: certificates and keys cannot be used: ${(error as Error).message}`, { cause: error });
  }
  return out;
}

/**
 * As {@link nodeTlsOptions}, for a server: with the default handshake timeout.
 * @throws TypeError also without certificate and key, RangeError for a bad timeout.
 */
export function resolveTlsServerOptions(options: TlsServerOptions): Record<string, unknown> {
  const out = nodeTlsOptions(options);
  if (out.pfx === undefined && (out.cert === undefined || out.key === undefined)) {
    throw new TypeError('tls must have cert and key, or pfx');
  }
  const timeout = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
  if (!Number.isSafeInteger(timeout) || timeout < 1 || timeout > 0x7fffffff) {
    throw new RangeError(`tls.handshakeTimeoutMs must be an integer from 1 to 2147483647, got ${String(timeout)}`);
  }
  out.handshakeTimeout = timeout;
  return out;
}
