import { type Acceptor, type Listener, type Listening, StmpError } from '@stmp/contract';
import { isDial, locks, nameOf, onMessage, type PortLike, type PortSource } from './port.js';
import { type PortLinkOptions, portEnd } from './port-link.js';

/** Listens on `port:name`: in a worker on `self` or `parentPort`, outside on the worker, in a `SharedWorker` on `self`, for all its pages. */
export function portListener(source: PortSource, options: PortLinkOptions = {}): Listener {
  const names = new Map<string, Acceptor>();
  let stop: (() => void) | undefined;
  const take = (data: unknown): void => {
    if (!isDial(data)) return;
    const { port, lock, name } = data;
    const acceptor = names.get(name);
    if (acceptor === undefined) {
      port.postMessage('a', []);
      port.close();
      return;
    }
    const { maxUnitBytes } = acceptor;
    const end = portEnd(port, { ...options, ...(maxUnitBytes !== undefined && { maxUnitBytes }) });
    // Ours as soon as whoever dialed is no more.
    if (lock !== undefined)
      locks()
        ?.request(lock, async () => end.lost())
        .catch(() => {});
    acceptor.onLink(end.link);
  };
  return {
    schemes: ['port'],
    async listen(address: string, acceptor: Acceptor): Promise<Listening> {
      const name = nameOf(address);
      if (names.has(name)) throw new StmpError('listen_failed', `cannot listen on ${address}: the name is taken`);
      names.set(name, acceptor);
      stop ??= listenTo(source, take);
      return {
        address: `port:${name}`,
        async close(): Promise<void> {
          if (names.get(name) === acceptor) names.delete(name);
          if (names.size > 0) return;
          stop?.();
          stop = undefined;
        },
      };
    },
  };
}

/** Messages of a source, and of every port by which a page connects to a `SharedWorker`. */
function listenTo(source: PortSource, take: (data: unknown) => void): () => void {
  const stops = [onMessage(source, take)];
  const onConnect = ({ ports }: { readonly ports: readonly PortLike[] }): void => {
    for (const port of ports) onMessage(port, take);
  };
  source.addEventListener?.('connect', onConnect);
  stops.push(() => void source.removeEventListener?.('connect', onConnect));
  return () => {
    for (const stop of stops) stop();
  };
}
