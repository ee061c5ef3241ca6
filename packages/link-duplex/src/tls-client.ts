import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { NodeDuplex } from './node-duplex.js';
import { nodeTlsOptions, type TlsClientOptions } from './tls-options.js';

/** Secures duplexes to servers. Certificates are read once for all of them. */
export interface TlsClient {
  /**
   * The TLS handshake over `duplex`, which belongs to the result from here on and is destroyed on failure.
   * @param host The name or IP address that the certificate is checked for, unless the options name another.
   * @param signal Ends the handshake; the promise rejects with its reason.
   */
  connect(duplex: NodeDuplex, host: string, signal?: AbortSignal): Promise<NodeDuplex>;
}

const ignore = (): void => {};

/** @throws TypeError as `nodeTlsOptions` does. */
export function createTlsClient(options: TlsClientOptions = {}): TlsClient {
  const settings = nodeTlsOptions(options) as ConnectionOptions;
  let context: SecureContext | undefined;
  return {
    connect(duplex: NodeDuplex, host: string, signal?: AbortSignal): Promise<NodeDuplex> {
      const name = options.servername ?? host;
      const check = options.checkServerIdentity ?? checkServerIdentity;
      // Reading the authorities of the system takes milliseconds, so all connections share one context.
      context ??= createSecureContext(settings);
      const all: ConnectionOptions = {
        ...settings,
        socket: duplex as unknown as Duplex,
        secureContext: context,
        checkServerIdentity: (_, certificate) => check(name, certificate),
      };
      if (isIP(name) === 0 && name !== '') all.servername = name;
      else delete all.servername;
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          duplex.destroy();
          reject(signal.reason);
          return;
        }
        // The reading side of the raw socket is taken over; its errors come out of the secured one, too.
        duplex.on('error', ignore);
        duplex.allowHalfOpen = true;
        const secured = connect(all);
        const settle = (): void => {
          signal?.removeEventListener('abort', onAbort);
          secured.removeListener('error', onError);
          secured.removeListener('close', onClose);
          secured.removeListener('secureConnect', onSecure);
        };
        const onSecure = (): void => {
          settle();
          resolve(secured);
        };
        const onError = (error: Error): void => {
          settle();
          secured.destroy();
          duplex.destroy();
          reject(error);
        };
        const onClose = (): void => onError(new Error('the connection ended during the TLS handshake'));
        const onAbort = (): void => onError(signal?.reason as Error);
        // Stays: an error between the handshake and the link must not be an uncaught one.
        secured.on('error', ignore);
        secured.on('error', onError);
        secured.on('close', onClose);
        secured.on('secureConnect', onSecure);
        signal?.addEventListener('abort', onAbort);
      });
    },
  };
}
