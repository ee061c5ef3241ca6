import { createClient, createServer } from '@stmp/connection';
import { eventually } from 'test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLE_CASES } from './cases.js';
import { tableRows } from './rows.js';
import { implementTable } from './service.js';

const rows = await tableRows();

/** Sockets, servers, pipes, children and timers of this process. */
const handles = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|UDP|Pipe|Process|Timeout)/.test(name));

// The runner has timers of its own, but nothing of ours may stay: KCP lingers for a second.
let before: string[] = [];
beforeAll(() => {
  before = handles();
});
afterAll(async () => {
  for (let tries = 0; tries < 500 && handles().length > before.length; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(handles().slice(before.length)).toEqual([]);
});

describe.concurrent.each(rows)('$name', (row) => {
  const reported: unknown[] = [];
  const server = createServer<unknown, unknown>({
    codecs: row.codecs,
    compressions: row.compressions,
    listeners: [row.listener],
    hooks: { onError: (error) => void reported.push(error) },
  });
  let address = '';
  beforeAll(async () => {
    implementTable(server);
    ({ address } = await server.listen(row.address));
  });
  afterAll(async () => {
    // Every case has closed what it opened, and nothing is left of the rest.
    await eventually(() => expect(server.counters().connectionsOpen).toBe(0));
    await server.close();
    expect(reported.filter((error) => (error as Error).message !== 'secret')).toEqual([]);
  });

  for (const codec of row.codecs) {
    describe(codec.contentType.slice('application/'.length), () => {
      for (const { name, run } of TABLE_CASES) {
        it(name, () =>
          run({
            contentType: codec.contentType,
            text: row.packetFormat === 'text',
            secure: row.secure,
            encoding: row.compressions[0]?.encoding,
            createClient: (options) =>
              createClient(address, {
                codecs: [codec],
                compressions: row.compressions,
                packetFormat: row.packetFormat,
                dialers: [row.dialer],
                ...options,
              }),
          }),
        );
      }
    });
  }
});
