import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { type Acceptor, type Listener, type Listening, StmpError } from '@stmp/contract';
import { resolveDuplexLinkOptions } from '@stmp/link-duplex';
import { addressOf, pathOf } from './address.js';
import { open } from './dialer.js';
import { checkInteger, type UnixListenerOptions, unixLink } from './options.js';

const isWindows = process.platform === 'win32';

/**
 * Listens on `unix:/path`, and on Windows on `unix://./pipe/name`. A socket file on which nobody listens any more is
 * replaced; closing removes the file.
 * @param defaults For all addresses; `listen` may add to them and override.
 */
export function unixListener(defaults: UnixListenerOptions = {}): Listener<UnixListenerOptions> {
  check(defaults);
  return {
    schemes: ['unix'],
    async listen(address: string, acceptor: Acceptor, options: UnixListenerOptions = {}): Promise<Listening> {
      const all = { ...defaults, ...options };
      const link = check(all);
      const path = pathOf(address);
      const server = createServer({ allowHalfOpen: true }, (socket) => acceptor.onLink(unixLink(socket, link)));
      try {
        await bind(server, path, all).catch(async (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EADDRINUSE' || !(await removeStale(path))) throw error;
          await bind(server, path, all);
        });
        if (all.mode !== undefined && !isWindows) await chmod(path, all.mode);
      } catch (cause) {
        server.close();
        const why = (cause as { code?: unknown }).code ?? (cause as Error).message;
        throw new StmpError('listen_failed', `cannot listen on ${address}: ${String(why)}`, { cause });
      }
      let closed: Promise<void> | undefined;
      const close = (): Promise<void> => {
        // The file is gone with the handle, by the end of this turn of the event loop; connections go on.
        closed ??= new Promise((resolve) => {
          server.close();
          setImmediate(resolve);
        });
        return closed;
      };
      server.on('error', (error) => {
        void close();
        acceptor.onError?.(error);
      });
      return { address: addressOf(path), close };
    },
  };
}

function check({ mode, backlog, highWaterBytes }: UnixListenerOptions): ReturnType<typeof resolveDuplexLinkOptions> {
  checkInteger('mode', mode, 0, 0o777);
  checkInteger('backlog', backlog, 1, 65_535);
  return resolveDuplexLinkOptions({ highWaterBytes });
}

function bind(server: Server, path: string, { mode, backlog }: UnixListenerOptions): Promise<void> {
  const where: ListenOptions = { path };
  if (backlog !== undefined) where.backlog = backlog;
  if (mode !== undefined && isWindows) {
    where.readableAll = (mode & 0o4) !== 0;
    where.writableAll = (mode & 0o2) !== 0;
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The file is made in this very turn, and never for a moment open to more than may connect. Workers have no mask.
    const mask = mode === undefined || isWindows || !isMainThread ? undefined : process.umask(0o777 & ~mode);
    try {
      server.listen(where, () => {
        server.removeListener('error', reject);
        resolve();
      });
    } finally {
      if (mask !== undefined) process.umask(mask);
    }
  });
}

/** Removes the socket file of a process that has died. @returns false when somebody listens, or it is no socket. */
async function removeStale(path: string): Promise<boolean> {
  const before = await lstat(path);
  if (!before.isSocket()) return false;
  try {
    (await open(path)).destroy();
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') return false;
  }
  // Another starting server may have been quicker.
  if ((await lstat(path)).ino !== before.ino) return false;
  await unlink(path);
  return true;
}
