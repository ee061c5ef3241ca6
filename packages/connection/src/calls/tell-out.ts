import type { Action } from '@stmp/contract';
import type { SendingHost } from './host.js';

/** Tells the hook of a request or an event that is about to be sent. */
export function tellOut(
  host: SendingHost,
  kind: 'request' | 'notify',
  mid: number,
  method: { readonly action: Action | string },
  name: string | undefined,
): void {
  const { shared } = host;
  shared.guard('onPacketOut', host, () =>
    shared.options.hooks.onPacketOut?.({
      connection: host,
      kind,
      mid,
      action: method.action,
      name,
      status: 0,
      payload: undefined,
    }),
  );
}
