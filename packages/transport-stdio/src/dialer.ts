import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Dialer, type DialOptions, type Link, StmpError } from '@stmp/contract';
import { Pipes, pipeLink, type StdioLinkOptions } from './pipes.js';

/** The program that each dial starts. */
export interface StdioCommand {
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** Default: that of this process. */
  readonly cwd?: string | undefined;
  /** Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where the child's errors and logs go. Default `inherit`. */
  readonly stderr?: 'inherit' | 'ignore' | undefined;
}

export interface StdioDialerOptions extends StdioLinkOptions {
  /** How long the child may take to exit, once its input has ended or it was told to, before it is killed. Default 5_000. */
  readonly exitTimeoutMs?: number | undefined;
}

const MAX_TIMER_MS = 0x7fffffff;

/** How a child ended that did not end well. */
class ChildEnd extends Error {}

/** Dials `stdio:`: starts the command, and speaks over its standard input and output. A new child for each link. */
export function stdioDialer(command: StdioCommand, options: StdioDialerOptions = {}): Dialer {
  const { exitTimeoutMs = 5_000, highWaterBytes } = options;
  if (typeof exitTimeoutMs !== 'number')
    throw new TypeError(`exitTimeoutMs must be a number, got ${typeof exitTimeoutMs}`);
  if (!Number.isInteger(exitTimeoutMs) || exitTimeoutMs < 0 || exitTimeoutMs > MAX_TIMER_MS) {
    throw new RangeError(`exitTimeoutMs must be an integer from 0 to ${MAX_TIMER_MS}, got ${exitTimeoutMs}`);
  }
  return {
    schemes: ['stdio'],
    async dial(address: string, { signal }: DialOptions = {}): Promise<Link> {
      if (!/^stdio:(\/\/)?$/i.test(address))
        throw new TypeError(`address must be stdio:, got ${JSON.stringify(address)}`);
      try {
        signal?.throwIfAborted();
        return childLink(await start(command, signal), exitTimeoutMs, highWaterBytes);
      } catch (cause) {
        if (signal?.aborted) throw new StmpError('aborted', `starting ${command.command} was aborted`, { cause });
        const why = (cause as { code?: unknown }).code ?? (cause as Error).message;
        throw new StmpError('dial_failed', `cannot start ${command.command}: ${String(why)}`, {
          origin: 'link',
          cause,
        });
      }
    },
  };
}

function start(
  { command, args = [], cwd, env, stderr = 'inherit' }: StdioCommand,
  signal?: AbortSignal,
): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: env as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', stderr],
      windowsHide: true,
    });
    const settle = (): void => {
      signal?.removeEventListener('abort', onAbort);
      child.removeListener('error', onError);
      // Of a signal that could not be sent; the exit tells all.
      child.on('error', () => {});
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      child.kill('SIGKILL');
      reject(signal?.reason);
    };
    child.on('error', onError);
    child.on('spawn', () => {
      settle();
      resolve(child);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function childLink(child: ChildProcess, exitTimeoutMs: number, highWaterBytes: number | undefined): Link {
  const [input, output] = [child.stdout as Readable, child.stdin as Writable];
  let timer: NodeJS.Timeout | undefined;
  /** It shall end: by itself, or it is killed. */
  const expectExit = (): void => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    timer ??= setTimeout(() => child.kill('SIGKILL'), exitTimeoutMs);
  };
  const exited = new Promise<Error | undefined>((resolve) => {
    child.on('exit', (code, killedBy) => {
      clearTimeout(timer);
      const how = killedBy === null ? `code ${code}` : `signal ${killedBy}`;
      resolve(code === 0 ? undefined : new ChildEnd(`the child ended with ${how}`));
    });
  });
  let isAborted: (told: undefined) => void = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    isAborted = resolve;
  });
  const pipes = new Pipes(input, output, Promise.race([exited, aborted]));
  pipes.on('end', expectExit);
  pipes.on('finish', expectExit);
  pipes.on('close', expectExit);
  return pipeLink(pipes, {
    highWaterBytes,
    peer: { address: 'stdio', port: child.pid },
    reset: (duplex) => {
      child.kill();
      isAborted(undefined);
      duplex.destroy();
    },
    reasonOf: (cause) =>
      cause instanceof ChildEnd ? new StmpError('link_failed', cause.message, { origin: 'link', cause }) : undefined,
  });
}
