import { Duplex, type Readable, type Writable } from 'node:stream';
import type { StreamLink } from '@stmp/contract';
import { type DuplexLinkOptions, duplexLink } from '@stmp/link-duplex';

export interface StdioLinkOptions {
  /** `send` returns false above this many queued bytes. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
}

/** Two pipes as one duplex. It is closed when whoever is at the other end has gone, where that is known. */
export class Pipes extends Duplex {
  readonly #input: Readable;
  readonly #output: Writable;
  /** Settles with what is to be told of the end, in place of a broken pipe. */
  readonly #gone: Promise<Error | undefined> | undefined;

  constructor(input: Readable, output: Writable, gone?: Promise<Error | undefined>) {
    super({ allowHalfOpen: true });
    this.#input = input;
    this.#output = output;
    this.#gone = gone;
    input.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) input.pause();
    });
    input.pause();
    input.on('end', () => this.push(null));
    input.on('error', (error) => this.destroy(error));
    output.on('error', (error) => this.destroy(error));
    // A pipe that was destroyed without an end, or an error.
    input.on('close', () => {
      if (!input.readableEnded && !this.destroyed) this.destroy();
    });
  }

  override _read(): void {
    this.#input.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    // The error itself comes by its event.
    this.#output.write(chunk, (error) => {
      if (!error) done();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#output.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#input.destroy();
    this.#output.destroy();
    if (this.#gone === undefined) done(error);
    else void this.#gone.then((told) => done(told ?? error));
  }
}

/** A link over a pair of pipes, which belong to the link from here on: what comes from `input`, and what goes to `output`. */
export function stdioLink(input: Readable, output: Writable, { highWaterBytes }: StdioLinkOptions = {}): StreamLink {
  return pipeLink(new Pipes(input, output), { highWaterBytes });
}

export function pipeLink(pipes: Duplex, options: DuplexLinkOptions): StreamLink {
  return duplexLink(pipes, { peer: { address: 'stdio' }, ...options });
}

declare module '@stmp/contract' {
  interface ListenOptionsByScheme {
    readonly stdio: StdioLinkOptions;
  }
}
