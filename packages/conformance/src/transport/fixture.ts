import type { Link } from '@stmp/contract';

export interface OpenOptions {
  /** For both ends. */
  readonly highWaterBytes?: number | undefined;
  /** Largest message that `b` accepts. Streams ignore it. */
  readonly maxUnitBytes?: number | undefined;
}

/** Two ends of one open path. */
export interface LinkPair {
  /** The end that dialed. */
  readonly a: Link;
  /** The end that was accepted; not started yet. */
  readonly b: Link;
  /** Frees everything, whatever state the links are in. Called once. */
  close(): Promise<void>;
}

/** A pair that also tells what its end `a` hands over to its path. */
export interface RecordedPair extends LinkPair {
  /** Sizes of the writes that `a` has made, in order; it grows with each write. */
  readonly writes: readonly number[];
}

/**
 * What is stacked on links to call a service from end to end: hand over the module, `import * as stmp from 'stmp'`.
 * The types are loose, so that this package depends on nothing above the contract.
 */
export interface Stack {
  // biome-ignore lint/suspicious/noExplicitAny: types of layers above this package
  readonly defineService: (name: string, methods: any) => any;
  // biome-ignore lint/suspicious/noExplicitAny: types of layers above this package
  readonly method: () => any;
  // biome-ignore lint/suspicious/noExplicitAny: types of layers above this package
  readonly jsonCodec: () => any;
  // biome-ignore lint/suspicious/noExplicitAny: types of layers above this package
  readonly createServer: (options?: any) => any;
  // biome-ignore lint/suspicious/noExplicitAny: types of layers above this package
  readonly connectLink: (link: any, options?: any) => Promise<any>;
}

/** What `transportCases` needs of the transport that it tests. */
export interface TransportFixture {
  readonly kind: 'stream' | 'message';
  open(options?: OpenOptions): Promise<LinkPair>;
  /** Dials, to be aborted by `signal`; the case counts on no answer in the same turn. Absent: the cases are skipped. */
  dial?(signal: AbortSignal): Promise<Link>;
  /** Dials somebody who takes the attempt and never answers, so that it stays under way. Absent: the case is skipped. */
  dialSlow?(signal: AbortSignal): Promise<Link>;
  /** Dials an address where nobody listens. Absent: the case is skipped. */
  dialNobody?(): Promise<Link>;
  /**
   * As {@link open}, telling what is written. Absent: in Node.js the kit looks at the sockets that come into being during
   * {@link open}; elsewhere the case about it is skipped.
   */
  openRecorded?(): Promise<RecordedPair>;
  /** What a service is called over, at the end. Absent: the case is skipped. */
  readonly stack?: Stack | undefined;
  /** False where the platform cannot stop the flow. Default true. */
  readonly canPause?: boolean | undefined;
  /** False where the end of one side does not reach the other, as in KCP. Default true. */
  readonly endTravels?: boolean | undefined;
  /** False where an abort of one side does not reach the other. Default true. */
  readonly abortTravels?: boolean | undefined;
  /** How much to move in cases about large amounts. Default 4 MiB. */
  readonly bulkBytes?: number | undefined;
  /** More than the path holds while its reader has stalled. Default 64 MiB. */
  readonly stallBytes?: number | undefined;
  /** Time for each step of a case. Default 5_000. */
  readonly timeoutMs?: number | undefined;
}

export const DEFAULT_BULK_BYTES = 4_194_304;
export const DEFAULT_STALL_BYTES = 67_108_864;
export const DEFAULT_TIMEOUT_MS = 5_000;
