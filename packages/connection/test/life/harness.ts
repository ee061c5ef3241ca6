import { type Dialer, defineService, type Link, method, type PayloadCodec, StmpError } from '@stmp/contract';
import { type MemoryPairOptions, memoryPair } from '@stmp/transport-memory';
import { FakeClock, settle } from 'test-kit';
import {
  type Client,
  type ClientOptions,
  type ClientState,
  type Clock,
  type Connection,
  createClient,
  createServer,
  type Server,
  type ServerOptions,
} from '../../src/index.js';

export { FakeClock, settle };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Plain values as JSON. */
export const JSON_CODEC: PayloadCodec = {
  contentType: 'application/json',
  text: true,
  message: () => ({
    encode: (value) => (value === undefined ? undefined : encoder.encode(JSON.stringify(value))),
    decode: (bytes, start, end) => (end <= start ? undefined : JSON.parse(decoder.decode(bytes.subarray(start, end)))),
    encodeText: (value) => (value === undefined ? undefined : JSON.stringify(value)),
    decodeText: (text, start, end) => (end <= start ? undefined : JSON.parse(text.slice(start, end))),
  }),
};

export const LifeService = defineService('test.LifeService', {
  echo: method<{ n: number; text?: string }, { n: number; text?: string }>(),
  work: method<{ n: number }, { n: number }>(),
});
export const LifeEvents = defineService('test.LifeEvents', {
  tick: method<{ n: number; text?: string }>(),
  tock: method<{ n: number; text?: string }>(),
});

/** What a dialer does next: a server to reach, an error to fail with, or silence. */
export type Fate = Server | Error | 'silence' | ((link: Link) => void);

export interface TestDialer extends Dialer {
  dials: number;
  /** The client's ends of all links so far. */
  readonly links: Link[];
  fate: Fate;
}

/** A dialer over memory links whose fate the test decides. */
export function testDialer(fate: Fate, link: MemoryPairOptions = {}): TestDialer {
  const dialer: TestDialer = {
    schemes: ['test'],
    dials: 0,
    links: [],
    fate,
    async dial(_address, options = {}) {
      dialer.dials++;
      const { fate } = dialer;
      if (fate instanceof Error) throw fate;
      if (fate === 'silence') {
        return new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => reject(new StmpError('aborted', 'dialing was aborted')));
        });
      }
      const [mine, theirs] = memoryPair({ hello: options.hello, ...link, port: dialer.dials });
      dialer.links.push(mine);
      if (typeof fate === 'function') fate(theirs);
      else fate.serve(theirs);
      return mine;
    },
  };
  return dialer;
}

export interface World {
  readonly clock: FakeClock;
  readonly server: Server;
  readonly dialer: TestDialer;
  readonly client: Client;
  /** States of the client, as they came. */
  readonly states: ClientState[];
  /** The server's connections, as they became ready. */
  readonly connections: Connection[];
  /** Connects, and lets held input go. @returns the server's connection. */
  ready(): Promise<Connection>;
  /** Ends both, and checks that no timer is left. */
  end(): Promise<void>;
}

export interface WorldOptions {
  readonly client?: Partial<ClientOptions>;
  readonly server?: Partial<ServerOptions<unknown, unknown>>;
  readonly link?: MemoryPairOptions;
  readonly clock?: FakeClock;
}

/** A server and a client that is idle, over memory links. The server echoes. */
export function world(options: WorldOptions = {}): World {
  const clock = options.clock ?? new FakeClock();
  const server = testServer(clock, options.server);
  const dialer = testDialer(server, options.link);
  const client = createClient('test:world', { codecs: [JSON_CODEC], clock, dialers: [dialer], ...options.client });
  const states: ClientState[] = [];
  client.onState((state) => void states.push(state));
  const connections: Connection[] = [];
  server.onConnection((connection) => void connections.push(connection));
  return {
    clock,
    server,
    dialer,
    client,
    states,
    connections,
    async ready() {
      const connected = client.connect();
      await clock.advance(0);
      await connected;
      return connections.at(-1)!;
    },
    async end() {
      const closed = Promise.all([client.close(), server.close()]);
      await clock.advance(60_000);
      await closed;
      if (clock.timers > 0) throw new Error(`${clock.timers} timers are left`);
    },
  };
}

export function testServer(
  clock: Clock,
  options: Partial<ServerOptions<unknown, unknown>> = {},
): Server<unknown, unknown> {
  return createServer<unknown, unknown>({ codecs: [JSON_CODEC], clock, ...options });
}

/** Answers `echo`, and `work` when told to. */
export function implementLife(server: Pick<Server, 'implement'>): Work[] {
  const work: Work[] = [];
  server.implement(LifeService, {
    echo: (input) => input,
    work: (input, context) =>
      new Promise((resolve, reject) => {
        work.push({
          n: input.n,
          signal: context.signal,
          done: () => resolve({ n: input.n }),
          fail: reject,
        });
      }),
  });
  return work;
}

export interface Work {
  readonly n: number;
  readonly signal: AbortSignal;
  done(): void;
  fail(error: unknown): void;
}

/** How a promise ended: `ok`, or the code of its error with its status. */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    const { code, status } = error as StmpError;
    return status === undefined ? String(code ?? error) : `${code} ${status.toString(16).padStart(2, '0')}`;
  }
}

/** An outcome that may not be there yet: `pending` then. */
export async function soFar(outcome: Promise<string>): Promise<string> {
  await settle();
  return Promise.race([outcome, settle().then(() => 'pending')]);
}

export function stateNames(states: readonly ClientState[]): string {
  return states
    .map((state) => {
      if (state.name === 'waiting') return `waiting(${state.attempt},${state.delayMs})`;
      if (state.name === 'connecting') return `connecting(${state.attempt})`;
      return state.name;
    })
    .join(' ');
}
