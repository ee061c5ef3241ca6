// A reader with little room, over every transport: the writer goes as fast as it reads, and nothing is lost.
import { createClient, createServer } from '@stmp/connection';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EchoEvents } from '../generated/interop.js';
import { Inbox } from './check.js';
import { tableRows } from './rows.js';
import { ControlService, implementTable } from './service.js';

const COUNT = 5_000;

describe.each(await tableRows())('$name', (row) => {
  const server = createServer<unknown, unknown>({
    codecs: row.codecs,
    compressions: row.compressions,
    listeners: [row.listener],
    maxQueuedBytes: 20_000,
  });
  let address = '';
  beforeAll(async () => {
    implementTable(server);
    ({ address } = await server.listen(row.address));
  });
  afterAll(() => server.close());

  it('all events arrive in order at slow listeners, with a call pending', async () => {
    const client = createClient(address, {
      codecs: [row.codecs[0]!],
      compressions: row.compressions,
      packetFormat: row.packetFormat,
      dialers: [row.dialer],
      reconnect: false,
      maxInboxBytes: 20_000,
    });
    await client.connect();
    const seen = new Inbox<number>();
    let running = 0;
    let most = 0;
    client.on(EchoEvents, {
      pushed: async ({ data }) => {
        if (data.length !== 2) return;
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        seen.put(data[0]! | (data[1]! << 8));
      },
    });
    const hangs = client.service(ControlService).hang({ text: row.name });
    hangs.catch(() => {});
    await client.service(ControlService).pour({ number: COUNT });
    expect(await seen.count(COUNT)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
    expect(most).toBeLessThanOrEqual(64);
    expect(client.counters().overloaded).toBe(0);
    await client.close();
  });
});
