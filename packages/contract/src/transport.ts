import type { Headers, Hello } from './headers.js';
import type { Link } from './link.js';

/** Default of `maxPacketBytes` and of `maxUnitBytes`: 16 MiB. Source: STMP 1.0, section 2. */
export const DEFAULT_MAX_PACKET_BYTES = 16_777_216;

export interface DialOptions {
  /** Ends the attempt; `dial` rejects with `aborted`, the signal's reason as cause. No listener stays on it once the dial is over. */
  readonly signal?: AbortSignal | undefined;
  /** Client headers for transports that carry them outside the data; others ignore them. */
  readonly hello?: Hello | undefined;
  /** Largest message to accept, enforced before it is buffered; byte streams ignore it. Default 16 MiB. */
  readonly maxUnitBytes?: number | undefined;
}

/** Opens links to addresses of its schemes. */
export interface Dialer {
  /** URL schemes without the colon: `['tcp', 'tls']`. They are compared without case, and no two dialers of a client have the same. */
  readonly schemes: readonly string[];
  /**
   * One attempt, no retry. One that ends without a link leaves nothing behind: no handle, no timer.
   * @throws StmpError `dial_failed` with the cause, or `aborted`. TypeError for an address that is no URL of its schemes.
   */
  dial(address: string, options?: DialOptions): Promise<Link>;
}

/** A connection attempt that a listener turned away before a link existed. */
export interface Refusal {
  /** A word: `origin`, `host`, `path`, `tls`, `limit`, `upgrade`. */
  readonly reason: string;
  /** For people: what was expected, what came, and which option to set. */
  readonly message: string;
  readonly remoteAddress?: string | undefined;
  readonly headers?: Headers | undefined;
  readonly cause?: unknown;
}

/** What a listener gets from the server that uses it. */
export interface Acceptor {
  /**
   * The first bytes sent on every stream link, known in advance. A transport may send them ahead to see whether a
   * peer receives at its address, before the link is handed over. Default: nothing is known.
   */
  readonly greeting?: Uint8Array | undefined;
  /** Takes one new link; it is started in the same turn or closed. */
  onLink(link: Link): void;
  onRefuse?(refusal: Refusal): void;
  /** The listener failed after it had been listening; told once. It is closed. */
  onError?(error: Error): void;
  /** As in {@link DialOptions}. */
  readonly maxUnitBytes?: number | undefined;
}

/**
 * Listens on addresses of its schemes. `Options` are those that one `listen` call may add; a package says them in
 * `ListenOptionsByScheme`, too, so that `server.listen` knows them by the address.
 */
export interface Listener<Options extends object = object> {
  readonly schemes: readonly string[];
  /**
   * Resolves when connections are accepted. One listener may listen on several addresses, each with its acceptor.
   * @throws StmpError `listen_failed` with the cause, as for an address that is taken. TypeError for an address that is
   * no URL of its schemes.
   */
  listen(address: string, acceptor: Acceptor, options?: Options): Promise<Listening>;
}

/** One address that is being listened on. */
export interface Listening {
  /** The address as a client may dial it, with the port that was chosen for port 0. */
  readonly address: string;
  /** Replaces certificates for new connections, where the transport has TLS. */
  reloadTls?(options: object): void;
  /**
   * Stops accepting; open links stay open, and are not waited for. Resolves when the address is free. Idempotent, also
   * when somebody else listens there by now. A dial under way ends in a link or in `dial_failed`.
   */
  close(): Promise<void>;
}
