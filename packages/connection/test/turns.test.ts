import { connectLink, createServer } from '@stmp/connection';
import type { Link, LinkHandler } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { memoryPair } from '@stmp/transport-memory';
import { expect, it } from 'vitest';
import { settle, TestEvents } from './helpers.js';

const codecs = [jsonCodec()];

/** A link that breaks its contract: `send` throws something of its own while `broken` is set. */
function brittle(link: Link): { link: Link; broken: boolean; thrown: unknown[] } {
  const state = { link, broken: false, thrown: [] as unknown[] };
  const { kind, peer, secure, canPause } = link;
  state.link = {
    ...({ kind, peer, secure, canPause } as Link),
    get queuedBytes() {
      return link.queuedBytes;
    },
    defer: (fn) =>
      link.defer(() => {
        try {
          fn();
        } catch (error) {
          state.thrown.push(error);
        }
      }),
    start: (handler: LinkHandler<Uint8Array & string>) => link.start(handler),
    send(unit: Uint8Array & string) {
      if (state.broken) throw new Error('broken');
      return link.send(unit);
    },
    pause: () => link.pause(),
    resume: () => link.resume(),
    close: () => link.close(),
    abort: (reason) => link.abort(reason),
  } as Link;
  return state;
}

it('a link that throws does not keep the other connections of its turn from sending', async () => {
  const heard: string[] = [];
  const ends: unknown[] = [];
  const server = createServer({ codecs });
  server.on(TestEvents, { said: ({ text }) => void heard.push(text) });
  const pairs = [1, 2, 3].map(() => memoryPair({ kind: 'message' }));
  for (const [, far] of pairs) server.serve(far);
  const bad = brittle(pairs[0]![0]);
  const links = [bad.link, pairs[1]![0], pairs[2]![0]];
  const clients = await Promise.all(links.map((link) => connectLink(link, { codecs })));
  await settle();
  void clients[0]!.closed.then((end) => ends.push(end.error));
  bad.broken = true;
  for (const [i, client] of clients.entries()) client.emit(TestEvents).said({ text: String(i) });
  await settle();
  await settle();
  expect(bad.thrown).toEqual([]);
  expect(ends).toMatchObject([{ code: 'link_failed', cause: new Error('broken') }]);
  expect(heard).toEqual(['1', '2']);
  bad.broken = false;
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
});
