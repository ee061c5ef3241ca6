import type { Compression } from '@stmp/contract';

export interface CompressionFixture {
  readonly compression: Compression;
  /**
   * The plain sizes of the members that compressed bytes consist of, in order, and whether the last one is still open.
   * Needed to check `memberBytes`; absent: those cases are skipped.
   */
  members?(compressed: Uint8Array): Members;
  /** Compressed bytes that inflate to more than 16 MiB. Default: made with the compressor itself. */
  readonly bomb?: Uint8Array | undefined;
}

export interface Members {
  readonly sizes: readonly number[];
  /** True when the last member has not ended yet. */
  readonly open: boolean;
}
