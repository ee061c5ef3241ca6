import { DEFAULT_MAX_PACKET_BYTES, type Dialer, type DialOptions, type Link, StmpError } from '@stmp/contract';
import { dialUrl, maskQuery } from './address.js';
import { BrowserLink, type BrowserSocket } from './browser-link.js';
import { resolveWsDialerOptions, type WsDialerOptions } from './options.js';

/**
 * Dials `ws:` and `wss:` addresses with the platform's own WebSocket.
 * @throws StmpError `unsupported` for an option that only Node.js has.
 */
export function wsDialer(options: WsDialerOptions = {}): Dialer {
  const { connectTimeoutMs, highWaterBytes } = resolveWsDialerOptions(options);
  for (const name of ['headers', 'tls', 'agent'] as const) {
    if (options[name] !== undefined) throw new StmpError('unsupported', `wsDialer: no ${name} on this platform`);
  }
  return {
    schemes: ['ws', 'wss'],
    dial: (address, dialOptions) => dial(address, dialOptions ?? {}, connectTimeoutMs, highWaterBytes),
  };
}

function dial(address: string, options: DialOptions, timeoutMs: number, highWaterBytes: number): Promise<Link> {
  const { signal, hello, maxUnitBytes = DEFAULT_MAX_PACKET_BYTES } = options;
  return new Promise((resolve, reject) => {
    const url = dialUrl(address, hello);
    const fail = (code: 'aborted' | 'dial_failed', why: string, cause?: unknown): void => {
      stop();
      if (socket) {
        socket.onopen = socket.onerror = socket.onclose = null;
        socket.close();
      }
      reject(new StmpError(code, `cannot open ${maskQuery(address)}: ${why}`, { cause }));
    };
    const onAbort = (): void => fail('aborted', 'aborted', signal?.reason);
    const stop = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    let socket: BrowserSocket | undefined;
    let timer: unknown;
    if (signal?.aborted) return onAbort();
    try {
      const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string) => BrowserSocket };
      socket = new WebSocket(url);
    } catch (cause) {
      return fail('dial_failed', 'no WebSocket', cause);
    }
    const opening = socket;
    opening.binaryType = 'arraybuffer';
    signal?.addEventListener('abort', onAbort);
    if (timeoutMs > 0) timer = setTimeout(() => fail('dial_failed', `no answer in ${timeoutMs} ms`), timeoutMs);
    opening.onopen = (): void => {
      stop();
      opening.onopen = null;
      resolve(new BrowserLink(opening, /^wss/i.test(url), hello, highWaterBytes, maxUnitBytes));
    };
    // Why it failed is hidden from pages; `onclose` follows `onerror`.
    opening.onclose = ({ code }): void => fail('dial_failed', `close code ${code}`);
  });
}
