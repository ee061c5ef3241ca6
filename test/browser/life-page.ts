// Runs in the page: a client, and what it tells of its life.
import { type Client, createClient } from '@stmp/connection';
import { plainJsonCodec } from '@stmp/payload-json';
import { wsDialer } from '@stmp/transport-ws';

let client: Client;
const states: unknown[] = [];

/** Mounts twice, as some frameworks do to find effects that cannot. */
async function mount(url: string): Promise<void> {
  const make = (): Client => {
    const made = createClient(url, {
      codecs: [plainJsonCodec()],
      dialers: [wsDialer()],
      keepalive: { pingIntervalMs: 200, staleMs: 1_000, idleTimeoutMs: 60_000 },
    });
    made.onState((state) =>
      states.push(
        state.name === 'waiting'
          ? { name: state.name, attempt: state.attempt, reason: state.reason.message }
          : state.name === 'ready'
            ? { name: state.name, stale: state.stale === true }
            : { name: state.name },
      ),
    );
    return made;
  };
  client = make();
  void client.connect();
  void client.close();
  void client.connect();
}

Object.assign(globalThis, {
  mount,
  states,
  retry: () => client.reconnectNow(),
  last: () => states.at(-1),
  measured: () => ({ roundTripMs: client.connection?.roundTripMs, lastHeardMs: client.connection?.lastHeardMs }),
});
