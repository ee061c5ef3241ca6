// One connection for several tabs: what a SharedWorker does, here with channels in place of pages.
import { createClient, createServer } from '@stmp/connection';
import { defineService, details, method, Status, type StmpError, statusError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { memoryTransport } from '@stmp/transport-memory';
import { portDialer, portListener, rawCodec, shareClient } from '@stmp/transport-port';
import { describe, expect, it } from 'vitest';
import { sides } from './fixture.js';

const Chat = defineService('share.ChatService', {
  say: method<{ text: string }, { text: string; seq: number }>(),
  fail: method<{ text: string }, { text: string }>(),
  hang: method<{ text: string }, { text: string }>({ action: 0x4711 }),
  nothing: method(),
});
const News = defineService('share.NewsEvents', { came: method<{ text: string }>() });

async function house(tabs: number) {
  const { dialer, listener } = memoryTransport({ kind: 'message' });
  const upstream = createServer({ codecs: [jsonCodec()], listeners: [listener] });
  const givenUp: string[] = [];
  let seq = 0;
  upstream.implement(Chat, {
    say: ({ text }) => ({ text, seq: ++seq }),
    fail: ({ text }) => {
      throw statusError(Status.Conflict, text, { details: details(undefined, { name: text }), retryAfterMs: 5 });
    },
    hang: ({ text }, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ text: String(givenUp.push(text)) }))),
    nothing: () => {},
  });
  await upstream.listen('memory://up');

  // The worker.
  const raw = rawCodec('application/json');
  const client = createClient('memory://up', { codecs: [raw], dialers: [dialer] });
  await client.connect();
  const doors = Array.from({ length: tabs }, sides);
  const servers = doors.map(({ far }) => createServer({ codecs: [raw], listeners: [portListener(far)] }));
  const stops = servers.map((server) => shareClient(server, client, { services: [Chat], events: [News] }));
  await Promise.all(servers.map((server) => server.listen('port:')));

  // The tabs.
  const open = await Promise.all(
    doors.map(async ({ near }) => {
      const tab = createClient('port:', { codecs: [jsonCodec()], dialers: [portDialer(near)], reconnect: false });
      await tab.connect();
      return tab;
    }),
  );
  return {
    upstream,
    client,
    servers,
    tabs: open,
    givenUp,
    async close() {
      for (const stop of stops) stop();
      await Promise.all(open.map((tab) => tab.close()));
      await Promise.all(servers.map((server) => server.close()));
      await client.close();
      await upstream.close();
      for (const { near } of doors) near.close();
    },
  };
}

describe('tabs that share a connection', () => {
  it('call as if each had its own', async () => {
    const { upstream, tabs, close } = await house(3);
    const answers = await Promise.all(tabs.map((tab, i) => tab.service(Chat).say({ text: `tab ${i}` })));
    expect(answers.map(({ text }) => text)).toEqual(['tab 0', 'tab 1', 'tab 2']);
    expect(new Set(answers.map(({ seq }) => seq)).size).toBe(3);
    expect(await tabs[0]!.service(Chat).nothing()).toBeUndefined();
    const refused = await tabs[1]!
      .service(Chat)
      .fail({ text: 'taken' })
      .catch((error: StmpError) => error);
    expect(refused).toMatchObject({ code: 'status', status: Status.Conflict, message: 'taken', retryAfterMs: 5 });
    expect((refused as StmpError).details?.as()).toEqual({ name: 'taken' });
    expect(upstream.counters().connectionsOpen).toBe(1);
    await close();
  });

  it('all hear what comes', async () => {
    const { upstream, tabs, close } = await house(2);
    const heard = tabs.map((tab) => new Promise((resolve) => tab.on(News, { came: ({ text }) => resolve(text) })));
    for (const connection of upstream.connections) connection.emit(News).came({ text: 'hello' });
    expect(await Promise.all(heard)).toEqual(['hello', 'hello']);
    await close();
  });

  it('leave nothing of themselves when they die', async () => {
    const { client, servers, tabs, givenUp, close } = await house(2);
    const hanging = tabs[0]!.service(Chat).hang({ text: 'mine' });
    const other = tabs[1]!.service(Chat).hang({ text: 'not mine' });
    other.catch(() => {});
    await expect.poll(() => client.connection?.pendingCalls).toBe(2);
    tabs[0]!.connection!.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'connection_closed' });
    await expect.poll(() => givenUp).toEqual(['mine']);
    await expect.poll(() => servers[0]!.counters().connectionsOpen).toBe(0);
    await expect.poll(() => client.connection?.pendingCalls).toBe(1);
    await close();
  });

  it('are told that the peer cannot be asked', async () => {
    const { client, tabs, close } = await house(1);
    await client.close();
    await expect(tabs[0]!.service(Chat).say({ text: 'x' })).rejects.toMatchObject({ status: Status.Unavailable });
    await close();
  });
});
