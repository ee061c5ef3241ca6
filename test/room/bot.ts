import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../examples/room/dist/terminal/main.js', import.meta.url));

/** The terminal client, at the end of a pipe. */
export interface Bot {
  /** What it has printed. */
  readonly lines: readonly string[];
  type(line: string): void;
  /** Says goodbye. @returns the exit code. */
  quit(): Promise<number | null>;
  kill(): void;
}

export function startBot(address: string, name: string): Bot {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there; run: npm run build`);
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, address, name], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const type = (line: string): void => {
    child.stdin!.write(`${line}\n`);
  };
  return {
    lines,
    type,
    quit() {
      type('/quit');
      return exited;
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}
