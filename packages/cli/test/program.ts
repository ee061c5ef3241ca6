// The program inside of a test: what it prints, and what it ends with.
import { fileURLToPath } from 'node:url';
import { type Io, run } from '@stmp/cli';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));
export const ROOM_PROTO = 'examples/quick-start/proto/quick_start.proto';

export interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  out: string;
  err: string;
  /** Ctrl-C. */
  stop(): void;
}

export function start(argv: readonly string[], io: Partial<Io> & { readonly text?: string } = {}): Running {
  const controller = new AbortController();
  const running = { out: '', err: '', stop: () => controller.abort() };
  const { text = '', ...rest } = io;
  async function* input(): AsyncGenerator<string> {
    yield text;
  }
  const ended = run(argv, {
    cwd: root,
    env: {},
    input,
    isTerminal: false,
    signal: controller.signal,
    out: (more) => (running.out += more),
    err: (more) => (running.err += more),
    ...rest,
  }).then((exitCode) => ({ exitCode, out: running.out, err: running.err }));
  return Object.assign(running, { ended });
}

/** Runs it to its end. */
export const stmp = (argv: readonly string[], io: Parameters<typeof start>[1] = {}): Promise<Ended> =>
  start(argv, io).ended;
