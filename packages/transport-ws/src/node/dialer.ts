import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Dialer, type DialOptions, type Link, StmpError, type StmpErrorOptions } from '@stmp/contract';
import { nodeTlsOptions } from '@stmp/link-duplex';
import { type ClientOptions, WebSocket } from 'ws';
import { dialUrl, maskQuery } from '../address.js';
import { resolveMaxUnitBytes, resolveWsDialerOptions, type WsDialerOptions } from '../options.js';
import { resolveDeflate } from './deflate.js';
import { WsLink } from './link.js';
import { refusedUpgrade } from './refused-upgrade.js';
import { whyUnopened } from './why-unopened.js';

/** Dials `ws:` and `wss:` addresses. */
export function wsDialer(options: WsDialerOptions = {}): Dialer {
  const { connectTimeoutMs, highWaterBytes } = resolveWsDialerOptions(options);
  const deflate = resolveDeflate(options.deflate);
  const deflateFromBytes = deflate.thresholdBytes;
  const settings: ClientOptions = {
    ...(options.tls === undefined ? {} : nodeTlsOptions(options.tls)),
    headers: options.headers as ClientOptions['headers'],
    agent: options.agent as ClientOptions['agent'],
    perMessageDeflate: deflate.perMessageDeflate,
  };

  async function dial(address: string, dialOptions: DialOptions = {}): Promise<Link> {
    const { signal, hello } = dialOptions;
    const url = dialUrl(address, hello);
    const maxUnitBytes = resolveMaxUnitBytes(dialOptions.maxUnitBytes);
    const failed = (
      code: 'aborted' | 'dial_failed',
      why: string,
      cause?: unknown,
      more?: StmpErrorOptions,
    ): StmpError => new StmpError(code, `cannot open ${maskQuery(address)}: ${why}`, { cause, ...more });
    if (signal?.aborted) throw failed('aborted', 'aborted', signal.reason);

    const ws = new WebSocket(url, { ...settings, maxPayload: Math.min(maxUnitBytes, 0x7fff_ffff) });
    let socket: Duplex | undefined;
    return new Promise((resolve, reject) => {
      const giveUp = (error: StmpError): void => {
        stop();
        ws.on('error', () => {});
        ws.terminate();
        reject(error);
      };
      const onAbort = (): void => giveUp(failed('aborted', 'aborted', signal?.reason));
      const onUpgrade = (response: IncomingMessage): void => {
        socket = response.socket;
      };
      const onError = (cause: Error): void => giveUp(failed('dial_failed', whyUnopened(cause), cause));
      const onRefused = (_request: ClientRequest, response: IncomingMessage): void => {
        const { why, status, retryAfterMs } = refusedUpgrade(response, Date.now());
        giveUp(failed('dial_failed', why, new Error(why), { origin: 'peer', status, retryAfterMs }));
      };
      const onOpen = (): void => {
        stop();
        const link = new WsLink(ws, socket!, { client: true, highWaterBytes, maxUnitBytes, deflateFromBytes }, hello);
        link.hold();
        resolve(link);
      };
      const timer =
        connectTimeoutMs === 0
          ? undefined
          : setTimeout(
              () => giveUp(failed('dial_failed', `no answer within ${connectTimeoutMs} ms (connectTimeoutMs)`)),
              connectTimeoutMs,
            );
      const stop = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        ws.off('upgrade', onUpgrade).off('error', onError).off('open', onOpen).off('unexpected-response', onRefused);
      };
      signal?.addEventListener('abort', onAbort);
      ws.on('upgrade', onUpgrade).on('error', onError).on('open', onOpen).on('unexpected-response', onRefused);
    });
  }

  return { schemes: ['ws', 'wss'], dial };
}
