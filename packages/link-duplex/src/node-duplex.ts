/**
 * What is needed of a Node.js `Duplex`: a `net.Socket`, a `TLSSocket`, a KCP session. Its `autoDestroy` and
 * `emitClose` must be on, as they are by default. Written out, so that using this package needs no Node.js types.
 */
export interface NodeDuplex {
  allowHalfOpen: boolean;
  readonly destroyed: boolean;
  readonly errored: Error | null;
  readonly readableEnded: boolean;
  readonly writableEnded: boolean;
  readonly writableLength: number;
  /** Bytes that have not left, where the duplex takes a chunk apart; else `writableLength` counts. */
  readonly queuedBytes?: number;
  write(chunk: Uint8Array, callback?: (error?: Error | null) => void): boolean;
  end(): unknown;
  pause(): unknown;
  resume(): unknown;
  destroy(error?: Error): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: events carry anything
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: events carry anything
  removeListener(event: string, listener: (...args: any[]) => void): unknown;
}
