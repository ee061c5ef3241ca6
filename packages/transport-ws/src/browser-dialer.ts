import { type Dialer, type DialOptions, type Link, StmpError } from '@stmp/contract';
import { dialUrl, maskQuery } from './address.js';
import { type BrowserSocket, browserLink } from './browser-link.js';
import { resolveMaxUnitBytes, resolveWsDialerOptions, type WsDialerOptions } from './options.js';

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
  const { signal, hello } = options;
  return new Promise((resolve, reject) => {
    let socket: BrowserSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const url = dialUrl(address, hello);
    const maxUnitBytes = resolveMaxUnitBytes(options.maxUnitBytes);
    const stop = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (socket) socket.onopen = socket.onclose = null;
    };
    const fail = (why: string, cause?: unknown, code: 'aborted' | 'dial_failed' = 'dial_failed'): void => {
      stop();
      socket?.close();
      reject(new StmpError(code, `cannot open ${maskQuery(address)}: ${why}`, { cause }));
    };
    const onAbort = (): void => fail('aborted', signal?.reason, 'aborted');
    if (signal?.aborted) return onAbort();
    try {
      const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string) => BrowserSocket };
      socket = new WebSocket(url);
    } catch (cause) {
      return fail(`no WebSocket: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
    const opening = socket;
    opening.binaryType = 'arraybuffer';
    signal?.addEventListener('abort', onAbort);
    if (timeoutMs > 0) timer = setTimeout(() => fail(`no answer in ${timeoutMs} ms`), timeoutMs);
    opening.onopen = (): void => {
      stop();
      resolve(browserLink(opening, /^wss/i.test(url), hello, highWaterBytes, maxUnitBytes));
    };
    // `onclose` follows.
    opening.onerror = (): void => {};
    opening.onclose = ({ code }): void => fail(whatIsKnown(code));
  });
}

/** Pages are not told why a WebSocket could not be opened. */
function whatIsKnown(code: number): string {
  const { navigator } = globalThis as { navigator?: { readonly onLine?: boolean } };
  const offline = navigator?.onLine === false ? 'this device is offline; ' : '';
  return `${offline}the browser does not say why (close code ${code})`;
}
