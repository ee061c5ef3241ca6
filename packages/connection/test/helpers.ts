import {
  type Client,
  type ClientOptions,
  type Connection,
  connectLink,
  createServer,
  type Server,
  type ServerOptions,
} from '@stmp/connection';
import { defineService, method } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { type MemoryPairOptions, memoryPair } from '@stmp/transport-memory';
import { FakeClock } from 'test-kit';
import { afterEach, expect } from 'vitest';

export { FakeClock, settle } from 'test-kit';

export const TestService = defineService('test.v1.TestService', {
  echo: method<{ text: string }, { text: string }>(),
  touch: method(),
  fail: method<{ text?: string }>(),
});
export const TestEvents = defineService('test.v1.TestEvents', { said: method<{ text: string }>() });

export interface Joined {
  readonly server: Server<unknown, unknown>;
  readonly client: Client;
  /** The client's end. */
  readonly near: Connection;
  /** The server's end. */
  readonly far: Connection;
  readonly clock: FakeClock;
  /** What user code threw, as the server and the client reported it. */
  readonly reported: { readonly side: 'server' | 'client'; readonly name: string; readonly error: unknown }[];
}

export interface JoinOptions {
  readonly server?: Partial<ServerOptions<unknown, unknown>>;
  readonly client?: Partial<ClientOptions>;
  readonly link?: MemoryPairOptions;
  /** Runs before the two meet. */
  readonly prepare?: (server: Server<unknown, unknown>) => void;
  readonly clock?: FakeClock;
}

const open: { readonly server: Server<unknown, unknown>; readonly client: Client; readonly clock: FakeClock }[] = [];

/** A server and a client, joined in memory, under a clock that stands still. Closed after the test. */
export async function join(options: JoinOptions = {}): Promise<Joined> {
  const clock = options.clock ?? new FakeClock();
  const reported: { side: 'server' | 'client'; name: string; error: unknown }[] = [];
  const common = (side: 'server' | 'client') => ({
    codecs: [jsonCodec()],
    clock,
    hooks: {
      onError: (error: unknown, { name }: { readonly name: string }): void => {
        reported.push({ side, name, error });
      },
    },
  });
  const server = createServer<unknown, unknown>({ ...common('server'), ...options.server });
  options.prepare?.(server);
  const [a, b] = memoryPair(options.link ?? {});
  const far = server.serve(b);
  const client = await connectLink(a, { ...common('client'), ...options.client });
  open.push({ server, client, clock });
  await clock.advance(0);
  return { server, client, near: client.connection!, far, clock, reported };
}

afterEach(async () => {
  for (const { server, client, clock } of open.splice(0)) {
    await Promise.all([client.close(), server.close(), clock.advance(60_000)]);
    expect(clock.timers, 'timers that are still armed').toBe(0);
    expect(server.connections.size).toBe(0);
    expect(client.counters().connectionsOpen).toBe(0);
    expect(server.counters().connectionsOpen).toBe(0);
  }
});

/** How a promise settled: the value, or the error's code. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

/** Watches a promise without waiting for it. */
export function watch<T>(promise: Promise<T>): { settled: number; value: T | undefined; error: unknown } {
  const seen = { settled: 0, value: undefined as T | undefined, error: undefined as unknown };
  promise.then(
    (value) => {
      seen.settled++;
      seen.value = value;
    },
    (error: unknown) => {
      seen.settled++;
      seen.error = error;
    },
  );
  return seen;
}
