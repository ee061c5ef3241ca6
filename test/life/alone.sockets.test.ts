// A client whose only server leaves and comes back, over every transport.
import { type ClientState, createClient, createServer } from '@stmp/connection';
import type { StmpError } from '@stmp/contract';
import { describe, expect, it } from 'vitest';
import { type Row, tableRows } from '../table/rows.js';
import { SilentService } from './silent-service.js';

const rows = await tableRows();

const until = (client: { onState(fn: (state: ClientState) => void): () => void; state: ClientState }, name: string) =>
  new Promise<ClientState>((resolve) => {
    const look = (state: ClientState): void => {
      if (state.name === name) resolve(state);
    };
    client.onState(look);
    look(client.state);
  });

function serve({ listener, compressions, codecs }: Row) {
  const server = createServer({ listeners: [listener], compressions, codecs: codecs.slice(-1) });
  server.implement(SilentService, { later: () => ({ ended: 0 }) });
  return server;
}

describe.concurrent('a client and its only server', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const first = serve(row);
    const { address } = await first.listen(row.address);
    const client = createClient(address, {
      dialers: [row.dialer],
      compressions: row.compressions,
      codecs: row.codecs.slice(-1),
      packetFormat: row.packetFormat,
      reconnect: { delayMs: () => 100, longestMs: 100 },
      connectTimeoutMs: 1_000,
    });
    // Mounted twice.
    void client.connect();
    void client.close();
    await client.connect();
    expect(await client.service(SilentService).later({ ms: 0 })).toEqual({ ended: 0 });

    // Nobody else is there: an idle client is not waited for until the end of the window.
    let over = false;
    const draining = first.drain({ withinMs: 600_000 }).then(() => (over = true));
    const waiting = await until(client, 'waiting');
    // Over KCP it takes until the server has gone to find that nobody listens. A process is started wherever it leads:
    // that it ends before it answers is no failure of its stdio.
    const isChild = row.name === 'stdio';
    const reasons = isChild ? /ServerShutdown|connection closed/ : /ServerShutdown|KCP_REFUSED|no connection/;
    expect(waiting).toMatchObject({ attempt: 1, reason: { message: expect.stringMatching(reasons) } });
    await draining;
    expect(over).toBe(true);

    // It says why it cannot come back, and does not need to be told twice that it can.
    const reason = await new Promise<StmpError>((resolve) =>
      client.onState((state) => {
        if (state.name === 'waiting' && state.attempt > 1) resolve(state.reason);
      }),
    );
    expect(reason).toMatchObject({
      code: expect.stringMatching(isChild ? /^connection_closed$/ : /^(dial|link)_failed$/),
      message: expect.stringMatching(/\w/),
    });
    const second = serve(row);
    await second.listen(address);
    client.reconnectNow();
    await until(client, 'ready');
    expect(await client.service(SilentService).later({ ms: 0 })).toEqual({ ended: 0 });
    await client.close();
    await second.close();
  });
});
