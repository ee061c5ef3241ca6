import type { AddressInfo } from 'node:net';
import { type Acceptor, type Listener, type Listening, StmpError } from '@stmp/contract';
import { maskQuery } from '../address.js';
import { type AnyServer, createOwnServer, Mount } from './mount.js';
import { resolveHandshakeTimeout, resolveWsUpgraderOptions } from './resolve-server-options.js';
import type { WsListenerOptions } from './server-options.js';
import { createWsUpgrader } from './upgrader.js';

// A server handed in twice, be it to two listeners, gets one upgrade listener.
const mounted = new WeakMap<AnyServer, Mount>();

interface Own {
  readonly mount: Mount;
  readonly secure: boolean;
  readonly listening: Promise<void>;
}

/**
 * Listens for WebSocket clients: on ports of its own, or mounted on a server that is handed in. Several paths may
 * share a port: listen on each.
 * @param defaults of every `listen` call.
 */
export function wsListener(defaults: WsListenerOptions = {}): Listener<WsListenerOptions> {
  resolveWsUpgraderOptions(defaults);
  resolveHandshakeTimeout(defaults);
  const own = new Map<string, Own>();

  function ownServer(url: URL, address: string, options: WsListenerOptions): Own {
    const secure = url.protocol === 'wss:';
    const known = url.port === '0' ? undefined : own.get(keyOf(url));
    if (known) {
      if (known.secure !== secure) throw failed(address, 'the port serves the other of ws: and wss: already');
      return known;
    }
    if (secure && options.tls === undefined)
      throw new TypeError(`listening on ${maskQuery(address)} needs the tls option`);
    const server = createOwnServer(secure ? options.tls : undefined, resolveHandshakeTimeout(options));
    const mount = new Mount(server, true, options.tls);
    const listening = new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(portOf(url), url.hostname.replace(/^\[|\]$/g, ''), () => {
        server.off('error', reject);
        server.on('error', (error) => {
          if (own.get(keyOf(url))?.mount === mount) own.delete(keyOf(url));
          mount.close();
          mount.fail(error);
        });
        url.port = String((server.address() as AddressInfo).port);
        own.set(keyOf(url), entry);
        resolve();
      });
    });
    const entry: Own = { mount, secure, listening };
    if (url.port !== '0') own.set(keyOf(url), entry);
    return entry;
  }

  async function listen(address: string, acceptor: Acceptor, perListen: WsListenerOptions = {}): Promise<Listening> {
    const options = { ...defaults, ...perListen };
    const url = parse(address);
    const upgrader = createWsUpgrader(acceptor, options);
    const path = url.pathname;
    let mount: Mount;
    if (options.server) {
      mount = mounted.get(options.server) ?? new Mount(options.server, false);
      mounted.set(options.server, mount);
    } else {
      const entry = ownServer(url, address, options);
      mount = entry.mount;
      try {
        await entry.listening;
      } catch (cause) {
        if (own.get(keyOf(url)) === entry) own.delete(keyOf(url));
        throw failed(address, (cause as Error).message, cause);
      }
    }
    if (!mount.add(path, { acceptor, upgrader })) throw failed(address, 'the path is taken');

    let closed: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      mount.remove(path);
      if (!mount.isEmpty) return;
      mounted.delete(mount.server);
      if (!mount.isOwn) return;
      own.delete(keyOf(url));
      // The callback of `close` would wait for the links as well; the port is free at once.
      mount.close();
      await new Promise<void>((resolve) => setImmediate(resolve));
    };
    const at = options.server ? addressOf(options.server, url) : String(url);
    const server = mount.server;
    return {
      address: at,
      close: () => {
        closed ??= close();
        return closed;
      },
      ...('setSecureContext' in server ? { reloadTls: (tls: object) => mount.reloadTls(tls) } : {}),
    };
  }

  return { schemes: ['ws', 'wss'], listen };
}

function parse(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^wss?:$/.test(url.protocol) || url.hash !== '' || url.search !== '') {
    throw new TypeError(`address must be a ws: or wss: URL without query and fragment, got ${maskQuery(address)}`);
  }
  return url;
}

function keyOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'wss:' ? 443 : 80) : Number(url.port);
}

/** The address as given, at the port of a server that may or may not be listening yet. */
function addressOf(server: AnyServer, url: URL): string {
  const at = server.address();
  const found = new URL(url);
  if ('setSecureContext' in server) found.protocol = 'wss:';
  if (at && typeof at === 'object') found.port = String(at.port);
  return String(found);
}

function failed(address: string, why: string, cause?: unknown): StmpError {
  return new StmpError('listen_failed', `cannot listen on ${maskQuery(address)}: ${why}`, { cause });
}
