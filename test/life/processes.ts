import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Another Node.js process that runs one of our files over the built packages. */
export interface Worker {
  readonly child: ChildProcess;
  /** Its first message. */
  readonly hello: Record<string, string>;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Ends it for good, if it has not ended. */
  kill(): Promise<void>;
}

export async function startProcess(file: string, ...args: string[]): Promise<Worker> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, file), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const hello = await new Promise<Record<string, string>>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Record<string, string>));
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${file} ended with ${code} before it was up; are the packages built?`)),
    );
  });
  return {
    child,
    hello,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A server process, and what it has written down. */
export interface ServerProcess extends Worker {
  readonly port: number;
  /** How often each call began and ended there. */
  record(): { begun: Map<number, number>; ended: Map<number, number> };
}

export async function startServer(folder: string, name: string, port = 0): Promise<ServerProcess> {
  const log = join(folder, name);
  const worker = await startProcess('test/life/server-process.ts', String(port), log);
  return {
    ...worker,
    port: Number(new URL(worker.hello.address!).port),
    record() {
      const begun = new Map<number, number>();
      const ended = new Map<number, number>();
      for (const line of readFileSync(log, 'utf8').split('\n')) {
        const counts = line[0] === 'b' ? begun : ended;
        const id = Number(line.slice(1));
        if (line !== '') counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return { begun, ended };
    },
  };
}

/** A folder that `fn` may use, and that is gone afterwards. */
export async function withFolder<T>(fn: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'stmp-life-'));
  try {
    return await fn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
