/** Used when {@link GzipOptions.level} is left out. */
export const DEFAULT_GZIP_LEVEL = 6;

export interface GzipOptions {
  /** From 0 (stored, not compressed) and 1 (fastest) to 9 (smallest). Default 6. */
  readonly level?: number;
  /** Base-2 logarithm of the bytes a writer looks back for repeats, 9 to 15. Default 15: 32,768 bytes. */
  readonly windowBits?: number;
  /** Memory for a writer's tables, 1 to 9, each step doubling it. Default 8. */
  readonly memLevel?: number;
  /**
   * Base-2 logarithm of the bytes a reader keeps, 9 to 15. Default 15, which reads every peer. Less fails with
   * `compression_failed` unless all peers write with {@link windowBits} of at most this: it cannot be negotiated.
   */
  readonly readWindowBits?: number;
  /**
   * `zlib` is that of Node.js, run on the calling thread; `pako` is JavaScript and runs everywhere. Default `auto`:
   * `zlib` where a trial at first use shows that it works, else `pako`.
   */
  readonly engine?: 'auto' | 'zlib' | 'pako';
}

export interface ResolvedGzipOptions {
  readonly level: number;
  readonly windowBits: number;
  readonly memLevel: number;
  readonly readWindowBits: number;
  readonly engine: 'auto' | 'zlib' | 'pako';
}

export function resolveGzipOptions(options: GzipOptions = {}): ResolvedGzipOptions {
  const engine = options.engine ?? 'auto';
  if (engine !== 'auto' && engine !== 'zlib' && engine !== 'pako') {
    throw new TypeError(`engine must be 'auto', 'zlib' or 'pako', got ${String(engine)}`);
  }
  return {
    level: integer('level', options.level, DEFAULT_GZIP_LEVEL, 0, 9),
    windowBits: integer('windowBits', options.windowBits, 15, 9, 15),
    memLevel: integer('memLevel', options.memLevel, 8, 1, 9),
    readWindowBits: integer('readWindowBits', options.readWindowBits, 15, 9, 15),
    engine,
  };
}

function integer(name: string, value: number | undefined, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, got ${String(value)}`);
  }
  return value;
}
