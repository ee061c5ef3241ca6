import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** A terminal of 80 columns and 24 rows with a program in it. */
export interface Terminal {
  /** The rows, without blanks at their ends and without empty ones at the end. */
  rows(): string[];
  /** As `rows`, with the escape sequences of colours. */
  colouredRows(): string[];
  /** Types text as it is. */
  type(text: string): void;
  /** Presses a key by the name it has in tmux, such as `Enter` or `C-c`. */
  press(...keys: readonly string[]): void;
  /** Resolves when `test` holds for the rows. @throws after a minute, with the rows. */
  until(test: (rows: readonly string[]) => boolean): Promise<void>;
}

let count = 0;

export function openTerminal(program: readonly string[]): Terminal {
  const socket = `room-test-${process.pid}-${count++}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-u', '-L', socket, ...args], { encoding: 'utf8', env: environment() });
  const quoted = program.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', 'sleep 600');
  tmux('set-option', '-g', 'remain-on-exit', 'on');
  tmux('respawn-pane', '-k', `TERM=xterm-256color exec ${quoted}`);
  onTestFinished(() => void tmux('kill-server'));
  const capture = (): string[] =>
    tmux('capture-pane', '-p')
      .trimEnd()
      .split('\n')
      .map((row) => row.trimEnd());
  return {
    rows: capture,
    colouredRows: () => tmux('capture-pane', '-p', '-e').trimEnd().split('\n'),
    type: (text) => void tmux('send-keys', '-l', text),
    press: (...keys) => void tmux('send-keys', ...keys),
    async until(test) {
      const endMs = Date.now() + 60_000;
      for (;;) {
        const rows = capture();
        if (test(rows)) return;
        if (Date.now() > endMs) throw new Error(`the terminal does not show that:\n${rows.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** Ink draws once only where it believes to run in CI, and no colours where it is told so. */
function environment(): NodeJS.ProcessEnv {
  const {
    CI: _ci,
    CONTINUOUS_INTEGRATION: _more,
    NO_COLOR: _none,
    FORCE_COLOR: _force,
    TMUX: _tmux,
    ...rest
  } = process.env;
  return rest;
}
