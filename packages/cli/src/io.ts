import type { ClientOptions } from 'stmp';

/** What the program has of the world around it; tests bring their own. */
export interface Io {
  /** The folder that files are named from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Read when an argument asks for it, and only then. */
  readonly input: () => AsyncIterable<Uint8Array | string>;
  /** True where `err` writes to a terminal, which may have colours and a progress bar. */
  readonly isTerminal: boolean;
  /** Ctrl-C: what was begun ends in good order. */
  readonly signal: AbortSignal;
  /** Takes data: whole lines. */
  out(text: string): void;
  /** Takes everything else. */
  err(text: string): void;
  /** Over what the arguments say, such as a clock or other transports. */
  readonly clientOptions?: ClientOptions | undefined;
}

/** Words for people on `err`, with colours where they are wanted. What a server said in them cannot steer a terminal. */
export function say(io: Io, text: string, colour?: 'red' | 'dim'): void {
  const isPlain = colour === undefined || !io.isTerminal || (io.env.NO_COLOR ?? '') !== '';
  const safe = text.replace(/[^\P{Cc}\n]/gu, visible);
  io.err(isPlain ? `${safe}\n` : `\x1b[${colour === 'red' ? 31 : 2}m${safe}\x1b[0m\n`);
}

/** One line of JSON as data. Of control characters it may have those from 7F to 9F raw, in strings. */
export function print(io: Io, json: string): void {
  io.out(`${json.replace(/[\x7f-\x9f]/g, visible)}\n`);
}

const visible = (char: string): string => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`;
