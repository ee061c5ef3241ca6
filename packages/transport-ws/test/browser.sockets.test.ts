import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { MessageLink } from '@stmp/contract';
import { wsListener } from '@stmp/transport-ws/server';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as browser from '../src/index.js';
import * as node from '../src/node.js';
import { Inbox } from './pair.js';

const { onWake, wsDialer } = browser;
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A platform WebSocket that does what the test says. */
class FakeSocket {
  static last: FakeSocket;
  readonly url: string;
  binaryType = 'blob';
  bufferedAmount = 0;
  sent: unknown[] = [];
  closed: (number | undefined)[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(url: string) {
    this.url = url;
    FakeSocket.last = this;
  }
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(code?: number): void {
    this.closed.push(code);
  }
}

async function openFake(options = {}, dialOptions = {}): Promise<{ link: MessageLink; socket: FakeSocket }> {
  const dialing = wsDialer(options).dial('wss://h/p', dialOptions);
  FakeSocket.last.onopen!();
  return { link: (await dialing) as MessageLink, socket: FakeSocket.last };
}

const tick = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));
const bytes = (...list: number[]): ArrayBuffer => Uint8Array.from(list).buffer;

describe('over a platform WebSocket', () => {
  it('talks to a real server', async () => {
    vi.stubGlobal('WebSocket', WebSocket);
    let accepted: MessageLink | undefined;
    let inbox: Inbox | undefined;
    const listening = await wsListener().listen('ws://127.0.0.1:0/p', {
      onLink: (link) => {
        accepted = link as MessageLink;
        inbox = new Inbox(link, (unit) => accepted!.send(unit));
      },
    });
    const hello = { headers: [['Accept', 'application/json']] } as const;
    const link = (await wsDialer().dial(listening.address, { hello })) as MessageLink;
    expect(link).toMatchObject({ kind: 'message', canPause: false, secure: false, hello });
    link.send(Uint8Array.of(1, 2, 3));
    link.send('text');
    const mine = new Inbox(link);
    await mine.count(2);
    expect(mine.units).toEqual([Uint8Array.of(1, 2, 3), 'text']);
    expect(accepted!.hello!.headers).toContainEqual(['Accept', 'application/json']);
    await link.close();
    expect(mine.closes).toEqual([undefined]);
    expect(await inbox!.closed()).toBeUndefined();
    await listening.close();
    await expect(wsDialer().dial(listening.address)).rejects.toMatchObject({ code: 'dial_failed' });
  });
});

describe('the link', () => {
  beforeEach(() => {
    vi.stubGlobal('WebSocket', FakeSocket);
  });

  it('delivers what came before start, in order, never inside a call', async () => {
    const { link, socket } = await openFake();
    expect(socket.binaryType).toBe('arraybuffer');
    socket.onmessage!({ data: 'a' });
    const inbox = new Inbox(link);
    socket.onmessage!({ data: bytes(1) });
    expect(inbox.units).toEqual([]);
    await tick();
    socket.onmessage!({ data: 'c' });
    expect(inbox.units).toEqual(['a', Uint8Array.of(1), 'c']);
    expect(() => new Inbox(link)).toThrow(expect.objectContaining({ code: 'bad_state' }));
  });

  it('tells an end that came before start after it', async () => {
    const { link, socket } = await openFake();
    socket.onmessage!({ data: 'a' });
    socket.onclose!({ code: 1006 });
    const inbox = new Inbox(link);
    await tick();
    expect(inbox.units).toEqual(['a']);
    expect(inbox.closes).toMatchObject([{ code: 'link_failed' }]);
    await link.close();
  });

  it('polls bufferedAmount above the mark alone', async () => {
    vi.useFakeTimers();
    const { link, socket } = await openFake({ highWaterBytes: 10 });
    const inbox = new Inbox(link);
    await tick();
    socket.bufferedAmount = 10;
    expect(link.send('x')).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    socket.bufferedAmount = 11;
    expect(link.send('x')).toBe(false);
    expect(link.send('y')).toBe(false);
    expect(link.queuedBytes).toBe(11);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(inbox.drains).toBe(0);
    socket.bufferedAmount = 10;
    vi.advanceTimersByTime(100);
    expect(inbox.drains).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    expect(socket.sent).toEqual(['x', 'x', 'y']);
    socket.bufferedAmount = 11;
    link.send('z');
    socket.onclose!({ code: 1000 });
    expect(vi.getTimerCount()).toBe(0);
    expect(link.queuedBytes).toBe(0);
  });

  it('closes with 1000, and is done when the platform says so', async () => {
    const { link, socket } = await openFake();
    const inbox = new Inbox(link);
    let done = false;
    const closing = Promise.all([link.close(), link.close()]).then(() => {
      done = true;
    });
    await tick();
    expect(socket.closed).toEqual([1000]);
    expect(done).toBe(false);
    expect(() => link.send('x')).toThrow(expect.objectContaining({ code: 'link_closed' }));
    socket.onclose!({ code: 1006 });
    await closing;
    expect(inbox.closes).toEqual([undefined]);
  });

  it('is dead at once when aborted, whatever the platform does', async () => {
    const { link, socket } = await openFake();
    const inbox = new Inbox(link);
    await tick();
    const reason = new Error('dead') as never;
    link.abort(reason);
    link.abort(new Error('again') as never);
    expect(inbox.closes).toEqual([]);
    await tick();
    expect(inbox.closes).toEqual([reason]);
    expect(socket.onmessage).toBeNull();
    expect(socket.closed).toEqual([undefined]);
    await link.close();
  });

  it('ends with too_large above maxUnitBytes', async () => {
    const { link, socket } = await openFake({}, { maxUnitBytes: 3 });
    const inbox = new Inbox(link);
    await tick();
    socket.onmessage!({ data: bytes(1, 2, 3) });
    socket.onmessage!({ data: bytes(1, 2, 3, 4) });
    await tick();
    expect(inbox.units).toHaveLength(1);
    expect(inbox.closes).toMatchObject([{ code: 'too_large' }]);
  });

  it('drops what came early when it is aborted', async () => {
    const { link, socket } = await openFake();
    socket.onmessage!({ data: 'a' });
    const inbox = new Inbox(link);
    link.abort(new Error('dead') as never);
    await tick();
    await tick();
    expect(inbox.units).toEqual([]);
    expect(inbox.closes).toHaveLength(1);
  });
});

describe('a dial', () => {
  beforeEach(() => {
    vi.stubGlobal('WebSocket', FakeSocket);
  });
  it('times out', async () => {
    vi.useFakeTimers();
    const dialing = wsDialer({ connectTimeoutMs: 70 }).dial('ws://h/?Token=secret');
    const failed = expect(dialing).rejects.toMatchObject({
      code: 'dial_failed',
      message: 'cannot open ws://h/?Token=***: no answer in 70 ms',
    });
    vi.advanceTimersByTime(70);
    await failed;
    expect(FakeSocket.last.closed).toEqual([undefined]);
  });
  it('is aborted', async () => {
    const stop = new AbortController();
    const dialing = wsDialer().dial('ws://h/', { signal: stop.signal });
    stop.abort('why');
    await expect(dialing).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    await expect(wsDialer().dial('ws://h/', { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(FakeSocket.last.onopen).toBeNull();
  });
  it('fails where there is no WebSocket', async () => {
    vi.stubGlobal('WebSocket', undefined);
    await expect(wsDialer().dial('ws://h/')).rejects.toMatchObject({ code: 'dial_failed' });
  });
  it.each([
    [true, 'cannot open ws://h/?Token=***: the browser does not say why (close code 1006)'],
    [false, 'cannot open ws://h/?Token=***: this device is offline; the browser does not say why (close code 1006)'],
  ])('that fails says what a page can know (onLine: %s)', async (onLine, message) => {
    vi.stubGlobal('navigator', { onLine });
    const dialing = wsDialer().dial('ws://h/?Token=secret');
    FakeSocket.last.onclose!({ code: 1006 });
    await expect(dialing).rejects.toMatchObject({ code: 'dial_failed', origin: 'local', message });
  });
  it('that the page may not make says why', async () => {
    vi.stubGlobal(
      'WebSocket',
      class {
        constructor() {
          throw new Error('an insecure WebSocket may not be opened from a page loaded over HTTPS');
        }
      },
    );
    await expect(wsDialer().dial('ws://h/')).rejects.toMatchObject({ message: expect.stringContaining('insecure') });
  });
  it('refuses what only Node.js can do, and what is no address', async () => {
    for (const options of [{ headers: {} }, { tls: {} }, { agent: {} }]) {
      expect(() => wsDialer(options)).toThrow(expect.objectContaining({ code: 'unsupported' }));
    }
    await expect(wsDialer().dial('http://h/')).rejects.toThrow(TypeError);
  });
});

describe('onWake', () => {
  it('listens on the page, and stops', () => {
    const target = (): EventTarget => new EventTarget();
    const page = target();
    const document = Object.assign(target(), { hidden: false });
    vi.stubGlobal('document', document);
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const woken = vi.fn();
    const stop = onWake(woken);
    document.dispatchEvent(new Event('visibilitychange'));
    page.dispatchEvent(new Event('online'));
    page.dispatchEvent(new Event('pageshow'));
    expect(woken).toHaveBeenCalledTimes(3);
    document.hidden = true;
    document.dispatchEvent(new Event('visibilitychange'));
    expect(woken).toHaveBeenCalledTimes(3);
    document.hidden = false;
    stop();
    document.dispatchEvent(new Event('visibilitychange'));
    page.dispatchEvent(new Event('online'));
    expect(woken).toHaveBeenCalledTimes(3);
  });
  it('does nothing where there is no page', () => {
    const stop = onWake(() => expect.unreachable());
    stop();
  });
});

describe('the entries', () => {
  it('have the same names', () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
  });

  it('for browsers hold no Node.js code and are small', async () => {
    const result = await build({
      stdin: { contents: `export { wsDialer } from ${JSON.stringify(at('../src/index.ts'))}`, resolveDir: at('..') },
      alias: { '@stmp/contract': at('../../contract/src/index.ts') },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      metafile: true,
    });
    const inputs = Object.keys(result.metafile.inputs);
    expect(inputs.filter((path) => path.includes('node_modules') || path.includes('src/node'))).toEqual([]);
    const [{ text, contents } = { text: '', contents: new Uint8Array() }] = result.outputFiles;
    expect(text).not.toMatch(/\bBuffer\b|node:|require\(|process\./);
    const size = gzipSync(contents, { level: 9 }).length;
    console.log(`browser dialer: ${contents.length} bytes, ${size} gzipped`);
    expect(size).toBeLessThan(2000);
  });
});
