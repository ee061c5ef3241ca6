import { type Client, createClient } from '@stmp/connection';
import type { StmpError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { tcpDialer } from '@stmp/transport-tcp';
import { LoadEvents, LoadService } from './service.js';

/** Clients that call all the time, and a record of how each call ended. */
export interface Load {
  readonly clients: readonly Client[];
  /** Ids of the calls that were fulfilled. */
  readonly fulfilled: Set<number>;
  /** Calls that failed, by id. */
  readonly failed: Map<number, StmpError>;
  /** Calls that were made. */
  readonly made: () => number;
  /** Answers that belong to another call, or came twice. */
  readonly wrong: () => number;
  readonly events: () => number;
  /** Opens `count` more clients. */
  open(count: number): Promise<void>;
  /** Makes no more calls; resolves when every call has settled. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface LoadOptions {
  readonly url: string;
  /** Between the calls of one client. */
  readonly everyMs: number;
  /** Longest work of one call. */
  readonly workMs: number;
}

/** All have the same codec, as a program would. */
const CODEC = jsonCodec();

export function startLoad({ url, everyMs, workMs }: LoadOptions): Load {
  const clients: Client[] = [];
  const fulfilled = new Set<number>();
  const failed = new Map<number, StmpError>();
  const pending = new Set<Promise<void>>();
  let made = 0;
  let wrong = 0;
  let events = 0;
  let turn = 0;
  const callOnce = (client: Client): void => {
    const id = ++made;
    const call = client
      .service(LoadService)
      .work({ id, ms: id % (workMs + 1) }, { timeoutMs: 30_000 })
      .then(
        (answer) => {
          if (answer.id !== id || fulfilled.has(id)) wrong++;
          fulfilled.add(id);
        },
        (error: StmpError) => void failed.set(id, error),
      )
      .finally(() => pending.delete(call));
    pending.add(call);
  };
  // One timer for all: each time a share of the clients calls.
  const STEP_MS = 5;
  const timer = setInterval(() => {
    const count = Math.ceil((clients.length * STEP_MS) / everyMs);
    for (let i = 0; i < count; i++) {
      const client = clients[turn++ % clients.length];
      if (client?.connection?.isOpen) callOnce(client);
    }
  }, STEP_MS);
  return {
    clients,
    fulfilled,
    failed,
    made: () => made,
    wrong: () => wrong,
    events: () => events,
    async open(count) {
      const opened = Array.from({ length: count }, () => {
        const client = createClient(url, { codecs: [CODEC], dialers: [tcpDialer()] });
        client.on(LoadEvents, { tick: () => void events++ });
        return client;
      });
      await Promise.all(opened.map((client) => client.connect()));
      clients.push(...opened);
    },
    async stop() {
      clearInterval(timer);
      while (pending.size > 0) await Promise.all(pending);
    },
    async close() {
      clearInterval(timer);
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** Waits until `test` holds. @throws Error naming what was waited for. */
export async function until(what: string, test: () => boolean, withinMs = 60_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!test()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
