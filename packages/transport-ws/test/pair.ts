import type { Acceptor, Link, Listening, MessageLink, StmpError } from '@stmp/contract';
import { type WsDialerOptions, wsDialer } from '@stmp/transport-ws';
import { type WsListenerOptions, wsListener } from '@stmp/transport-ws/server';

export interface Pair {
  readonly client: MessageLink;
  readonly server: MessageLink;
  readonly listening: Listening;
  close(): Promise<void>;
}

/** A dialed link and its other end, which is not started. */
export async function openPair(
  options: {
    listener?: WsListenerOptions;
    dialer?: WsDialerOptions;
    maxUnitBytes?: number;
    address?: string;
    headers?: readonly (readonly [string, string])[];
  } = {},
): Promise<Pair> {
  let accept: (link: MessageLink) => void = () => {};
  const accepted = new Promise<MessageLink>((resolve) => {
    accept = resolve;
  });
  const acceptor: Acceptor = {
    maxUnitBytes: options.maxUnitBytes,
    onLink: (link) => accept(link as MessageLink),
  };
  const listening = await wsListener(options.listener).listen(options.address ?? 'ws://127.0.0.1:0/', acceptor);
  const hello = options.headers ? { headers: options.headers } : undefined;
  const client = (await wsDialer(options.dialer).dial(listening.address, { hello })) as MessageLink;
  const server = await accepted;
  return {
    client,
    server,
    listening,
    async close() {
      client.abort(new Error('done') as StmpError);
      server.abort(new Error('done') as StmpError);
      await listening.close();
    },
  };
}

/** Collects what a link delivers. */
export class Inbox {
  readonly units: (Uint8Array | string)[] = [];
  readonly closes: (StmpError | undefined)[] = [];
  drains = 0;
  #wake: () => void = () => {};

  constructor(link: Link, onData?: (unit: Uint8Array | string) => void) {
    (link as MessageLink).start({
      onData: (unit) => {
        this.units.push(unit);
        onData?.(unit);
        this.#wake();
      },
      onDrain: () => {
        this.drains++;
        this.#wake();
      },
      onClose: (reason) => {
        this.closes.push(reason);
        this.#wake();
      },
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  count(n: number): Promise<void> {
    return this.until(() => this.units.length >= n);
  }

  async closed(): Promise<StmpError | undefined> {
    await this.until(() => this.closes.length > 0);
    return this.closes[0];
  }
}
