import type { Acceptor, Dialer, Link, Listening } from '@stmp/contract';
import {
  type PortDialerOptions,
  type PortLike,
  type PortLinkOptions,
  portDialer,
  portListener,
} from '@stmp/transport-port';

export interface Sides {
  readonly near: PortLike;
  readonly far: PortLike;
}

/** The two sides of what stands for a worker. */
export function sides(): Sides {
  const { port1, port2 } = new MessageChannel();
  return { near: port1 as unknown as PortLike, far: port2 as unknown as PortLike };
}

export interface Place {
  readonly near: PortLike;
  readonly dialer: Dialer;
  readonly listening: Listening;
  readonly accepted: Promise<Link>;
  close(): Promise<void>;
}

export async function place(
  dialerOptions: PortDialerOptions = {},
  listenerOptions: PortLinkOptions = {},
  onLink: (link: Link) => void = () => {},
  maxUnitBytes?: number,
): Promise<Place> {
  const { near, far } = sides();
  let accept = (_: Link): void => {};
  const accepted = new Promise<Link>((resolve) => {
    accept = resolve;
  });
  const acceptor: Acceptor = {
    maxUnitBytes,
    onLink(link) {
      onLink(link);
      accept(link);
    },
  };
  const listening = await portListener(far, listenerOptions).listen('port:room', acceptor);
  return {
    near,
    dialer: portDialer(near, dialerOptions),
    listening,
    accepted,
    async close() {
      await listening.close();
      near.close();
    },
  };
}
