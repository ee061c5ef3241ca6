import {
  at,
  CHECKS,
  checkDepth,
  Fault,
  fault,
  fill,
  goName,
  jsonName,
  keyValue,
  memo,
  refusal,
  setKey,
  shapeOf,
  wellFormed,
} from '@stmp/payload-schema';
import { describe, expect, it } from 'vitest';
import { Choice, EchoMessage, Everything, SizeInput } from './types.js';

const faultText = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error.text;
    throw error;
  }
  return 'no fault';
};

describe('names', () => {
  it.each([
    ['big_number', 'bigNumber', 'BigNumber'],
    ['id', 'id', 'Id'],
    ['foo_1', 'foo1', 'Foo_1'],
    ['foo_bar2baz', 'fooBar2baz', 'FooBar2Baz'],
    ['_foo', 'Foo', 'XFoo'],
    ['a__b', 'aB', 'A_B'],
    ['Foo_Bar', 'FooBar', 'Foo_Bar'],
  ])('%s is %s in JSON and %s in Go', (name, json, go) => {
    expect([jsonName(name), goName(name)]).toEqual([json, go]);
  });
});

describe('shapes', () => {
  it('has a slot per property, oneofs in one', () => {
    const { slots, fields } = shapeOf(Choice);
    expect(slots.map(({ name, oneof }) => [name, oneof])).toEqual([['pick', true]]);
    expect(fields.map(({ name, slot, implicit }) => [name, slot, implicit])).toEqual([
      ['name', 0, false],
      ['number', 0, false],
    ]);
  });

  it('knows which names every object inherits', () => {
    const { slots } = shapeOf(Everything);
    expect(slots.filter(({ inherited }) => inherited).map(({ name }) => name)).toEqual(['constructor', 'toString']);
  });

  it('fills defaults in the order of the table', () => {
    const message: Record<string, unknown> = {};
    const { slots } = shapeOf(EchoMessage);
    fill(message, slots, 0, slots.length);
    expect(JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? `${value}n` : (value ?? null)))).toBe(
      '{"text":"","bigNumber":"0n","rawData":{},"tagList":[],"nestedItem":null,"color":0,"numbers":[],"counts":{},' +
        '"ratio":0,"flag":false,"unsignedBig":"0n","children":[],"small":0,"thin":0}',
    );
  });

  it('keeps the Go name that a table gives', () => {
    expect(shapeOf(SizeInput).fields.map(({ goName }) => goName)).toEqual(['Size_', undefined, undefined]);
  });

  it('computes once per type', () => {
    let runs = 0;
    const compute = memo(() => ++runs);
    expect([compute(Choice), compute(Choice), compute(SizeInput), runs]).toEqual([1, 1, 2, 2]);
  });

  it('sets keys as own, also __proto__', () => {
    const target: Record<string, unknown> = {};
    setKey(target, '__proto__', { polluted: true });
    expect(Object.hasOwn(target, '__proto__')).toBe(true);
    expect(target.polluted).toBe(undefined);
    expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":true}}');
  });
});

describe('checks', () => {
  it.each([
    ['int32', [0, -1, 0x7fff_ffff, -0x8000_0000], [0x8000_0000, -0x8000_0001, 1.5, Number.NaN, '1', 1n, null, true]],
    ['uint32', [0, 0xffff_ffff], [-1, 0x1_0000_0000, 0.5, '1']],
    ['sint32', [-5], [0x8000_0000]],
    ['fixed32', [5], [-1]],
    ['double', [1, Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e308], ['1', 1n, null]],
    ['float', [1, Number.POSITIVE_INFINITY, 3.4e38], [1e39, '1']],
    ['bool', [true, false], [0, 'true', null]],
    ['string', ['', 'x'], [1, null, {}, ['x']]],
    ['enum', [0, 99, -1], [0.5, 'RED', 2 ** 31]],
  ] as const)('%s', (kind, good, bad) => {
    for (const value of good) expect(CHECKS[kind](value)).toBe(value);
    for (const value of bad) expect(() => CHECKS[kind](value)).toThrow(Fault);
  });

  it('makes 64-bit integers bigint', () => {
    const { int64, uint64 } = CHECKS;
    expect([int64(5), int64(-5n), uint64(2n ** 64n - 1n), int64(-(2n ** 63n))]).toEqual([
      5n,
      -5n,
      2n ** 64n - 1n,
      -(2n ** 63n),
    ]);
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 53, 1.5, '1', Number.NaN]) {
      expect(() => int64(value)).toThrow(Fault);
    }
    for (const value of [-1n, -1, 2n ** 64n]) expect(() => uint64(value)).toThrow(Fault);
  });

  it('gives integers without -0, and empty bytes as one', () => {
    expect(Object.is(CHECKS.int32(-0), 0)).toBe(true);
    expect(CHECKS.bytes(new Uint8Array(0))).toBe(CHECKS.bytes(new Uint8Array(0)));
  });

  it('puts U+FFFD in place of lone surrogates', () => {
    expect(wellFormed('a\ud800b\udc00c\u{1f600}')).toBe('a\ufffdb\ufffdc\u{1f600}');
  });

  it('reads map keys', () => {
    expect([keyValue('int32', '-7'), keyValue('uint64', '18446744073709551615'), keyValue('bool', 'true')]).toEqual([
      -7,
      2n ** 64n - 1n,
      true,
    ]);
    for (const [kind, key] of [
      ['int32', '1.5'],
      ['int32', ''],
      ['int32', '2147483648'],
      ['uint32', '-1'],
      ['bool', '1'],
      ['int64', ' 1'],
    ] as const) {
      expect(() => keyValue(kind, key), key).toThrow(Fault);
    }
  });
});

describe('faults', () => {
  it('says kinds, never values', () => {
    expect(faultText(() => fault('string', 'secret'.length))).toBe('expected string, got number');
    expect(faultText(() => CHECKS.int32('secret'))).toBe('expected int32, got string');
    expect(faultText(() => CHECKS.uint64(2n ** 64n))).toBe('expected uint64, got bigint out of range');
    expect(faultText(() => CHECKS.int64(2 ** 60))).toBe('expected int64, got unsafe number');
    expect(faultText(() => CHECKS.float(1e39))).toBe('expected number, got number out of range');
    expect(faultText(() => CHECKS.bytes([1]))).toBe('expected bytes, got list');
    expect(faultText(() => checkDepth(101))).toBe('nested more than 100 deep');
  });

  it('becomes payload_invalid with its path', () => {
    const inner = new Fault('expected string, got null');
    const error = refusal(at(at(at(inner, '.name'), '[3]'), '.users'), 'test.Type');
    expect([error.code, error.message]).toEqual(['payload_invalid', 'users[3].name: expected string, got null']);
    expect(refusal(new Fault('truncated'), 'test.Type').message).toBe('test.Type: truncated');
  });

  it('keeps another error as cause, and does not wrap twice', () => {
    const cause = new RangeError('index out of range');
    const error = refusal(cause, undefined);
    expect([error.code, error.message, error.cause]).toEqual(['payload_invalid', 'payload: broken payload', cause]);
    expect(refusal(error, 'test.Type')).toBe(error);
  });
});
