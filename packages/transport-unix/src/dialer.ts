import { connect, type Socket } from 'node:net';
import { type Dialer, type DialOptions, type Link, StmpError } from '@stmp/contract';
import { resolveDuplexLinkOptions } from '@stmp/link-duplex';
import { pathOf } from './address.js';
import { type UnixLinkOptions, unixLink } from './options.js';

/** Dials `unix:/path`, and on Windows `unix://./pipe/name`. */
export function unixDialer({ highWaterBytes }: UnixLinkOptions = {}): Dialer {
  const options = resolveDuplexLinkOptions({ highWaterBytes });
  return {
    schemes: ['unix'],
    async dial(address: string, { signal }: DialOptions = {}): Promise<Link> {
      const path = pathOf(address);
      try {
        signal?.throwIfAborted();
        return unixLink(await open(path, signal), options);
      } catch (cause) {
        if (signal?.aborted) throw new StmpError('aborted', `dialing ${address} was aborted`, { cause });
        const why = (cause as { code?: unknown }).code ?? (cause as Error).message;
        throw new StmpError('dial_failed', `cannot dial ${address}: ${String(why)}`, { origin: 'link', cause });
      }
    },
  };
}

export function open(path: string, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    const settle = (): void => {
      signal?.removeEventListener('abort', onAbort);
      socket.removeListener('connect', onConnect);
      socket.removeListener('error', onError);
      // Until the link listens; an error in between reaches the link through `socket.errored`.
      socket.on('error', () => {});
    };
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    const onError = (error: unknown): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => onError(signal?.reason);
    socket.on('connect', onConnect);
    socket.on('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
