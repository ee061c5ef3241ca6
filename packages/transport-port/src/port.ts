/** Where a message can be posted to: a `Worker`, the port of a `SharedWorker`, a `MessagePort`, `parentPort`. */
export interface PortTarget {
  // biome-ignore lint/suspicious/noExplicitAny: the platforms declare lists of their own transferable things
  postMessage(message: any, transfer: any): void;
}

// biome-ignore lint/suspicious/noExplicitAny: events carry anything
type Listen = (type: any, listener: (event: any) => void) => unknown;

/** Where messages come from: `self` in a worker, a `SharedWorkerGlobalScope`, `parentPort`, a `Worker`, a `MessagePort`. */
export interface PortSource {
  readonly addEventListener?: Listen;
  readonly removeEventListener?: Listen;
  /** As the `Worker` of Node.js has it, whose listeners get the data itself. */
  readonly on?: Listen;
  readonly off?: Listen;
  start?(): void;
}

/** An open `MessagePort` of a page, a worker or Node.js. */
export interface PortLike extends PortTarget, PortSource {
  close(): void;
}

/** Calls `fn` with the data of each message. @returns a function that stops it. */
export function onMessage(source: PortSource, fn: (data: unknown) => void): () => void {
  if (source.addEventListener === undefined) {
    source.on?.('message', fn);
    return () => void source.off?.('message', fn);
  }
  const listener = (event: { readonly data: unknown }): void => fn(event.data);
  source.addEventListener('message', listener);
  source.start?.();
  return () => void source.removeEventListener?.('message', listener);
}

/** What one side asks of the other when it dials. */
export interface Dial {
  readonly stmp: 'dial';
  readonly name: string;
  /** Its end of a new channel. */
  readonly port: PortLike;
  /** The Web Lock that the dialing side holds while it is alive, where the platform has such. */
  readonly lock: string | undefined;
}

export function isDial(data: unknown): data is Dial {
  return (
    typeof data === 'object' &&
    data !== null &&
    (data as Dial).stmp === 'dial' &&
    typeof (data as Dial).name === 'string'
  );
}

/** @throws TypeError for what is not `port:name`. */
export function nameOf(address: string): string {
  const [, name] = /^port:(?:\/\/)?([^/?#:]*)$/i.exec(address) ?? [];
  if (name === undefined) throw new TypeError(`address must be port:name, got ${JSON.stringify(address)}`);
  return name;
}

interface LockManager {
  request(name: string, held: () => Promise<unknown> | undefined): Promise<unknown>;
}

/** Absent in Node.js, where the other end of a port hears when its owner dies. */
export function locks(): LockManager | undefined {
  return (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
}
