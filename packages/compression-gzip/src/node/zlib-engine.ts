import { createGunzip, createGzip } from 'node:zlib';
import { broken, type ZlibEngine, type ZlibStream } from '../zlib-stream.js';

// Node's public zlib works through its thread pool: ten times the cost of a small packet. Under every public stream
// lies a handle that also works at once, on the calling thread; `zlib.gzipSync` and others stand on that. It is not
// documented, hence the trial in zlib-trial.ts before anything here is used.

export interface ZlibHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
  reset(): void;
  close(): void;
  /** Called in the middle of {@link writeSync}. */
  onerror: (message: string, errno: number, code: string) => void;
}

export interface ZlibOwner {
  _handle: ZlibHandle;
  /** What {@link ZlibHandle.writeSync} left: of the output, of the input. */
  _writeState: Uint32Array;
  close(): void;
}

class NodeStream implements ZlibStream {
  availIn = 0;
  readonly #owner: ZlibOwner;
  readonly #handle: ZlibHandle;
  readonly #left: Uint32Array;
  #failure: string | undefined;

  constructor(owner: ZlibOwner) {
    this.#owner = owner;
    this.#handle = owner._handle;
    this.#left = owner._writeState;
    // The stream's own would emit `error`, to nobody.
    this.#handle.onerror = (message) => {
      this.#failure = message;
    };
  }

  run(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array): number {
    this.#handle.writeSync(flush, input, start, end - start, output, 0, output.length);
    if (this.#failure !== undefined) throw broken(this.#failure);
    this.availIn = this.#left[1]!;
    return output.length - this.#left[0]!;
  }

  reset(): void {
    this.#handle.reset();
  }

  close(): void {
    this.#owner.close();
  }
}

// `chunkSize`: of a buffer that is never used, the least allowed.
export const zlibEngine: ZlibEngine = {
  name: 'zlib',
  deflate: ({ level, windowBits, memLevel }) =>
    new NodeStream(createGzip({ chunkSize: 64, level, windowBits, memLevel }) as unknown as ZlibOwner),
  inflate: ({ readWindowBits }) =>
    new NodeStream(createGunzip({ chunkSize: 64, windowBits: readWindowBits }) as unknown as ZlibOwner),
};
