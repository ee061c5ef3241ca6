import type { Link, LinkHandler } from '@stmp/contract';
import { encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectLink, createClient } from '../../src/index.js';
import { implementLife, JSON_CODEC, LifeEvents, LifeService, outcome, settle, world } from './harness.js';
import { rawPeer } from './raw-peer.js';

// A link that breaks its contract ends its own connection, which says what was broken, and nothing else.

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterEach(async () => {
  await settle();
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  expect(unhandled).toHaveLength(0);
});

type Method = 'start' | 'send' | 'pause' | 'resume' | 'close' | 'abort' | 'defer';

interface Breakable {
  readonly link: Link;
  /** What throws from now on. */
  readonly broken: Set<Method | 'close later' | 'abort in silence'>;
  handler(): LinkHandler<unknown>;
}

function breakable(inner: Link): Breakable {
  const broken: Breakable['broken'] = new Set();
  let handler: LinkHandler<unknown> | undefined;
  const link = new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'start') handler = args[0] as LinkHandler<unknown>;
        if (broken.has(name as Method)) throw new Error(`no ${String(name)}`);
        if (name === 'close' && broken.has('close later')) return Promise.reject(new Error('no close'));
        if (name === 'abort' && broken.has('abort in silence')) return undefined;
        return value.apply(target, args);
      };
    },
  });
  return { link, broken, handler: () => handler! };
}

const FULL = { maxConcurrentHandlers: 1, maxInboxCount: 1 };

describe('a server', () => {
  it.each<[what: Method | 'close later', happens: 'event' | 'flood' | 'close', says: RegExp]>([
    ['send', 'event', /send threw/],
    ['defer', 'event', /defer threw/],
    ['pause', 'flood', /pause threw/],
    ['close', 'close', /close threw/],
    ['close later', 'close', /close rejected/],
  ])('ends the connection whose link fails at %s', async (what, happens, says) => {
    const errors: unknown[] = [];
    const w = world({ server: { ...FULL, hooks: { onError: (error) => void errors.push(error) } } });
    const work = implementLife(w.server);
    await w.ready();
    const [mine, theirs] = memoryPair();
    const bad = breakable(theirs);
    const far = w.server.serve(bad.link);
    const peer = rawPeer(mine, 'client');
    await settle();
    bad.broken.add(what);
    const closed = far.closed;
    if (happens === 'event') far.emit(LifeEvents).tick({ n: 1 });
    else if (happens === 'close') void far.close();
    else {
      const { action } = LifeService.methods.work;
      const payload = new TextEncoder().encode('{"n":1}');
      for (let mid = 1; mid <= 4; mid++) peer.send(encodePacket({ kind: 'request', mid, action, payload }, 'stream'));
    }
    await settle();
    if (happens === 'close') await w.clock.advance(20_000);
    const end = await closed;
    if (happens === 'close') expect(end.status).toBe(0);
    else expect(end.error).toMatchObject({ code: 'link_failed', message: expect.stringMatching(says) as string });
    expect(peer.closed).toBe(true);
    // The others do not even notice.
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    for (const one of work) one.done();
    await w.end();
  });

  it('ends the connection whose link does not start', async () => {
    const w = world();
    implementLife(w.server);
    await w.ready();
    const bad = breakable(memoryPair()[1]);
    bad.broken.add('start');
    const far = w.server.serve(bad.link);
    expect((await far.closed).error).toMatchObject({
      code: 'link_failed',
      message: expect.stringMatching(/start threw/),
    });
    expect(w.server.connections.size).toBe(1);
    await w.end();
  });

  it.each<[name: string, kind: 'stream' | 'message', unit: unknown, says: RegExp]>([
    ['text to a byte stream', 'stream', 'STMP', /text to a byte stream/],
    ['nothing', 'stream', undefined, /undefined/],
    ['null', 'message', null, /null/],
    ['a number', 'message', 7, /number/],
    ['an object', 'message', { length: 3 }, /object/],
    ['other numbers than bytes', 'stream', new Uint16Array(4), /object/],
  ])('ends the connection whose link hands over %s', async (_name, kind, unit, says) => {
    const w = world();
    implementLife(w.server);
    await w.ready();
    const bad = breakable(memoryPair({ kind })[1]);
    const far = w.server.serve(bad.link);
    await settle();
    bad.handler().onData(unit);
    expect((await far.closed).error).toMatchObject({ code: 'link_failed', message: expect.stringMatching(says) });
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it('gives a link up that neither closes nor can be aborted', async () => {
    for (const what of ['abort', 'abort in silence'] as const) {
      const w = world();
      await w.ready();
      const [mine, theirs] = memoryPair();
      const bad = breakable(theirs);
      w.server.serve(bad.link);
      // It reads nothing, so it never closes either.
      mine.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
      mine.pause();
      await settle();
      bad.broken.add(what);
      const closed = w.server.close();
      await w.clock.advance(20_000);
      await closed;
      await w.end();
    }
  });

  it.each<[name: string, link: unknown, says: RegExp]>([
    ['nothing', undefined, /undefined/],
    ['an empty object', {}, /kind/],
    ['half a link', { kind: 'message', send() {}, start() {}, defer() {} }, /pause must be a function/],
    ['a stream without a safe write', { ...breakable(memoryPair()[1]).link, kind: 'stream', safeWriteBytes: 0 }, /./],
  ])('takes no link that is %s', async (_name, link, says) => {
    const errors: unknown[] = [];
    const w = world({ server: { hooks: { onError: (error) => void errors.push(error) } } });
    const failure = { code: 'link_failed', message: expect.stringMatching(says) };
    expect(() => w.server.serve(link as Link)).toThrow(expect.objectContaining(failure) as never);
    w.server.acceptor.onLink(link as Link);
    expect(errors).toMatchObject([failure]);
    await w.end();
  });
});

describe('a client', () => {
  it.each<[name: string, link: unknown, says: RegExp]>([
    ['nothing', undefined, /undefined/],
    ['an empty object', {}, /kind/],
  ])('whose dialer resolves to %s says so', async (_name, link, says) => {
    const failure = { code: 'link_failed', message: expect.stringMatching(says) };
    const dialer = { schemes: ['test'], dial: async () => link as Link };
    const client = createClient('test:x', { codecs: [JSON_CODEC], dialers: [dialer], reconnect: false });
    await expect(client.connect()).rejects.toMatchObject(failure);
    await expect(connectLink(link as Link, { codecs: [JSON_CODEC] })).rejects.toMatchObject(failure);
  });

  it('whose link fails at send fails its calls and connects again', async () => {
    const w = world();
    implementLife(w.server);
    const links: Breakable[] = [];
    const { dial } = w.dialer;
    w.dialer.dial = async (...args) => {
      const bad = breakable(await dial(...args));
      links.push(bad);
      return bad.link;
    };
    await w.ready();
    links[0]!.broken.add('send');
    expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toBe('connection_closed 02');
    await w.clock.advance(60_000);
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    expect(links).toHaveLength(2);
    await w.end();
  });
});
