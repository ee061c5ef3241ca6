import { type Link, StmpError } from '@stmp/contract';
import { type MessageEnd, type MessageLinkOptions, messageLink } from '@stmp/link-message';
import { describe, expect, it } from 'vitest';
import { queuePair } from './pair.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const hex = (unit: Uint8Array | string): string =>
  typeof unit === 'string' ? unit : `<${[...unit].map((byte) => byte.toString(16).padStart(2, '0')).join('')}>`;

interface One extends MessageEnd {
  readonly posted: string[];
  readonly heard: string[];
}

/** One end whose other end is the test. */
function one(options: MessageLinkOptions = {}, post?: () => void): One {
  const posted: string[] = [];
  const heard: string[] = [];
  const end = messageLink(
    {
      post(message) {
        post?.();
        posted.push(hex(message));
      },
      close: () => void posted.push('closed'),
    },
    options,
  );
  end.link.start({
    onData: (unit) => void heard.push(hex(unit)),
    onDrain: () => void heard.push('drain'),
    onClose: (reason) => void heard.push(reason === undefined ? 'close' : `close ${reason.code} ${reason.origin}`),
  });
  return {
    link: end.link,
    receive: (message) => end.receive(message),
    lost: (cause) => end.lost(cause),
    posted,
    heard,
  };
}

describe('what an end posts', () => {
  it.each<[string, MessageLinkOptions, readonly (Uint8Array | string)[], readonly string[]]>([
    ['bytes as they are', {}, [Uint8Array.of(1, 255)], ['<01ff>']],
    ['text behind its letter', {}, ['hi', ''], ['thi', 't']],
    ['empty bytes', {}, [new Uint8Array(0)], ['<>']],
    [
      'long bytes in pieces',
      { maxPostBytes: 16 },
      [new Uint8Array(16), new Uint8Array(17)],
      [`<${'00'.repeat(16)}>`, 'b17', `<${'00'.repeat(16)}>`, '<00>'],
    ],
    [
      'long text in pieces of its UTF-8',
      { maxPostBytes: 16 },
      ['x'.repeat(15), 'é'.repeat(8)],
      [`t${'x'.repeat(15)}`, 'u16', `<${'c3a9'.repeat(8)}>`],
    ],
  ])('%s', (_, options, units, expected) => {
    const end = one(options);
    end.receive('r1000');
    for (const unit of units) end.link.send(unit);
    expect(end.posted).toEqual(['r262144', ...expected]);
  });

  it('waits until the other end is there, and then until it has read', async () => {
    const end = one({ highWaterBytes: 20 });
    const send = (bytes: number): boolean => end.link.send(new Uint8Array(bytes));
    expect([send(20), send(1), end.link.queuedBytes]).toEqual([true, false, 21]);
    expect(end.posted).toEqual(['r262144']);
    end.receive('r30');
    await turn();
    expect([end.posted.length, end.link.queuedBytes, end.heard]).toEqual([3, 0, ['drain']]);
    expect([send(20), end.posted.length]).toEqual([true, 3]);
    end.receive('r10');
    expect([end.link.queuedBytes, end.posted.length]).toEqual([0, 4]);
  });

  it('tells what was read, a quarter of the window at a time, and bounds empty units, too', async () => {
    const end = one({ windowBytes: 128 });
    for (let i = 0; i < 3; i++) end.receive(new Uint8Array(0));
    await turn();
    expect(end.posted).toEqual(['r128', 'r32']);
    end.link.pause();
    for (let i = 0; i < 7; i++) end.receive('t');
    expect(end.heard).toHaveLength(3);
    end.receive('t');
    await turn();
    expect(end.heard.at(-1)).toBe('close protocol_error peer');
  });

  it('forgets what has not begun to leave', () => {
    const end = one();
    end.link.send('one');
    end.link.dropQueued?.();
    end.receive('r100');
    expect([end.link.queuedBytes, end.posted]).toEqual([0, ['r262144']]);
  });
});

describe('what an end hears', () => {
  const bytes = new Uint8Array(3);
  it.each<[string, readonly unknown[], readonly string[], MessageLinkOptions?]>([
    ['bytes and text', [Uint8Array.of(7), Uint8Array.of(8).buffer, 'tx'], ['<07>', '<08>', 'x']],
    [
      'pieces',
      ['b4', bytes, Uint8Array.of(1), 'u3', Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xac)],
      ['<00000001>', '€'],
    ],
    ['a piece too long', ['b2', bytes], ['close protocol_error peer']],
    ['an empty piece', ['b2', new Uint8Array(0)], ['close protocol_error peer']],
    ['text among pieces', ['b4', bytes, 'tx'], ['close protocol_error peer']],
    ['more announced than it takes', ['b1001'], ['close too_large peer'], { maxUnitBytes: 1000 }],
    ['more bytes than it takes', [new Uint8Array(1001)], ['close too_large peer'], { maxUnitBytes: 1000 }],
    ['more text than it takes', [`t${'é'.repeat(501)}`], ['close too_large peer'], { maxUnitBytes: 1000 }],
    ['the end', ['tx', 'e'], ['x', 'close']],
    ['a unit behind the end', ['e', 'tx'], ['close protocol_error peer']],
    ['an abort', ['tx', 'a'], ['close link_failed link']],
    ['a foreign word', ['zx'], ['close protocol_error peer']],
    ['an empty text', [''], ['close protocol_error peer']],
    ['a count that is none', ['r-1'], ['close protocol_error peer']],
    ['a count that overflows', [`r${'9'.repeat(16)}`], ['close protocol_error peer']],
    ['an object', [{}], ['close protocol_error peer']],
    ['nothing', [null], ['close protocol_error peer']],
  ])('%s', async (_, messages, expected, options) => {
    const end = one(options);
    for (const message of messages) end.receive(message);
    await turn();
    expect(end.heard).toEqual(expected);
    const isOver = expected.at(-1)!.startsWith('close');
    expect(end.posted.filter((word) => word === 'closed')).toHaveLength(isOver ? 1 : 0);
  });
});

describe('a path that ends by itself', () => {
  it.each<[string, (end: One) => void, readonly string[]]>([
    ['at any time', (end) => end.lost(new Error('gone')), ['close link_failed link']],
    ['twice', (end) => [end.lost(), end.lost()], ['close link_failed link']],
    ['behind its end', (end) => [end.receive('tx'), end.receive('e'), end.lost()], ['x', 'close']],
    ['while we close', (end) => [void end.link.close(), end.lost()], ['close']],
    [
      'after an abort',
      (end) => [end.link.abort(new StmpError('too_large', 'x')), end.lost()],
      ['close too_large local'],
    ],
  ])('%s', async (_, run, expected) => {
    const end = one();
    run(end);
    await turn();
    expect(end.heard).toEqual(expected);
  });

  it('tells by throwing from post, whoever called', async () => {
    let broken = false;
    const end = one({}, () => {
      if (broken) throw new Error('the channel is closed');
    });
    end.receive('r100');
    broken = true;
    expect(end.link.send('x')).toBe(true);
    expect(end.heard).toEqual([]);
    await turn();
    expect(end.heard).toEqual(['close link_failed link']);
  });
});

it('an end that is told in the turn of its start is told once', async () => {
  const { a } = queuePair((deliver) => deliver());
  let closes = 0;
  a.link.abort(new StmpError('aborted', 'early'));
  a.link.start({ onData() {}, onDrain() {}, onClose: () => void closes++ });
  await turn();
  expect(closes).toBe(1);
});

it('what it says of itself is what it was told', () => {
  const { link }: { link: Link } = messageLink(
    { post() {}, close() {} },
    { peer: { address: 'port', port: 1 }, secure: true, hello: { headers: [['A', 'b']] } },
  );
  expect([link.kind, link.secure, link.peer, link.hello]).toEqual([
    'message',
    true,
    { address: 'port', port: 1 },
    { headers: [['A', 'b']] },
  ]);
});

it.each<[MessageLinkOptions, new () => Error]>([
  [{ highWaterBytes: 0 }, RangeError],
  [{ maxUnitBytes: 1.5 }, RangeError],
  [{ windowBytes: '1' as never }, TypeError],
  [{ maxPostBytes: 15 }, RangeError],
])('the option %o is refused', (options, error) => {
  expect(() => messageLink({ post() {}, close() {} }, options)).toThrow(error);
});
