import { actionOf, defineService, method, methodName } from '@stmp/contract';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../test/vectors/vectors.js';
import { murmur3 } from '../src/murmur3.js';

const { actions } = readVectors();

describe('actions', () => {
  it.each(actions)('$method', ({ method: name, action, hex }) => {
    const hash = murmur3(new TextEncoder().encode(name));
    expect(String(hash)).toBe(action);
    expect(hash.toString(16).toUpperCase()).toBe(hex);
    const dot = name.lastIndexOf('.');
    // Names on the wire begin with upper-case letters; the vectors also have some that do not.
    const isWireName = dot >= 0 && methodName(name.slice(0, dot), name.slice(dot + 1)) === name;
    if (isWireName) expect(actionOf(name.slice(0, dot), name.slice(dot + 1))).toBe(hash);
  });

  it('hash UTF-8 and every length of the last block', () => {
    // Checked against the reference implementation of murmur3 x86_32.
    const hashes = ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'é中'].map((text) =>
      murmur3(new TextEncoder().encode(text)),
    );
    expect(hashes).toEqual([0, 0x3c2569b2, 0x9bbfd75f, 0xb3dd93fa, 0x43ed676a, 0xe89b9af6, 0x77cdc5b3]);
  });

  it('have the first letters of service and method in upper case', () => {
    expect(methodName('chat.roomService', 'say')).toBe('chat.RoomService.Say');
    expect(methodName('roomService', 'sayAll')).toBe('.RoomService.SayAll');
    expect(methodName('A.b.C', 'd')).toBe('A.b.C.D');
    expect(actionOf('stmp.examples.quick_start.roomService', 'joinRoom')).toBe(0x033648f7);
  });
});

describe('defineService', () => {
  it('takes names and actions from the keys', () => {
    const service = defineService('chat.ChatService', { say: method<{ text: string }>(), sayAll: method() });
    expect(service).toMatchObject({
      typeName: 'chat.ChatService',
      kind: 'service',
      methods: {
        say: { name: 'Say', action: actionOf('chat.ChatService', 'Say') },
        sayAll: { name: 'SayAll', action: actionOf('chat.ChatService', 'SayAll') },
      },
    });
  });

  it('keeps names and actions that are given', () => {
    const { methods } = defineService('a.B', {
      one: method({ action: 0x1101 }),
      two: method({ name: 'Other' }),
      three: method({ action: 2n ** 64n - 1n, name: 'X' }),
    });
    expect(methods.one).toMatchObject({ name: 'One', action: 0x1101 });
    expect(methods.two).toMatchObject({ name: 'Other', action: actionOf('a.B', 'Other') });
    expect(methods.three).toMatchObject({ name: 'X', action: 2n ** 64n - 1n });
  });

  it.each([
    ['a.RoomService', 'service'],
    ['a.RoomEvents', 'events'],
    ['a.Room', 'both'],
    ['a.ServiceRoom', 'both'],
  ])('%s is %s', (name, kind) => {
    expect(defineService(name, {}).kind).toBe(kind);
  });

  it('refuses reserved actions and two methods with one action', () => {
    const define = (...given: (number | bigint)[]): unknown =>
      defineService('a.B', Object.fromEntries(given.map((action, at) => [`m${at}`, method({ action })])));
    expect(() => define(1)).toThrow(new RangeError('a.B.M0: actions 0 to 255 are reserved, got 1'));
    expect(() => define(255n)).toThrow(RangeError);
    expect(() => define(256, 257)).not.toThrow();
    expect(() => define(256, 256)).toThrow(new RangeError('a.B: M0 and M1 share action 256'));
  });
});
