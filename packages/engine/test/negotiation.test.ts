import type { Headers } from '@stmp/contract';
import { describe, expect, it } from 'vitest';
import { chooseCompression, chooseContent, packetFormat, weightedList } from '../src/negotiation.js';
import { ALL_TYPES, FakeCompression, JSON_TYPE } from './harness.js';

const named = (encoding: string): FakeCompression => Object.assign(new FakeCompression(), { encoding });

describe('Accept', () => {
  const cases: [accept: string | string[], chosen: string | undefined, text?: boolean][] = [
    ['application/json', 'json'],
    ['application/msgpack', 'msgpack'],
    ['APPLICATION/Json', 'json'],
    [' application/json ', 'json'],
    ['application/json;charset=utf-8', 'json'],
    ['text/plain', undefined],
    ['', undefined],
    [',', undefined],
    [[], undefined],
    ['application', undefined],
    ['application/jso', undefined],
    // Lists: order, several fields, weights.
    ['text/plain, application/protobuf', 'protobuf'],
    ['application/protobuf, application/json', 'protobuf'],
    [['text/plain', 'application/msgpack'], 'msgpack'],
    ['application/json;q=0.5, application/protobuf', 'protobuf'],
    ['application/json;q=0.5, application/protobuf;q=0.6', 'protobuf'],
    ['application/json; Q=0.9 ; x=y, application/protobuf;q=0.8', 'json'],
    ['application/json;q=0', undefined],
    ['application/json;q=0.0, application/msgpack;q=0.001', 'msgpack'],
    ['application/json;q=9, application/protobuf', 'json'],
    ['application/json;q=rubbish', 'json'],
    // Wildcards; the closest range decides.
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['text/*', undefined],
    ['app/*', undefined],
    ['*/*, application/json;q=0', 'protobuf'],
    ['application/json;q=0.1, */*', 'protobuf'],
    ['*/*;q=0.1, application/msgpack;q=0.2', 'msgpack'],
    ['application/*;q=0, application/msgpack', 'msgpack'],
    ['*/*;q=0', undefined],
    // Text packets need a codec whose payloads are text.
    ['*/*', 'json', true],
    ['application/protobuf', undefined, true],
    ['application/protobuf, application/json;q=0.1', 'json', true],
  ];
  for (const [accept, chosen, text = false] of cases) {
    it(`${JSON.stringify(accept)}${text ? ' over text' : ''}: ${chosen ?? 'refused'}`, () => {
      const headers: Headers = [accept].flat().map((value) => ['aCCept', value] as const);
      const found = chooseContent(headers, ALL_TYPES, text);
      expect(found?.contentType).toBe(chosen === undefined ? undefined : `application/${chosen}`);
    });
  }

  it('of equals takes what the client names first, then what the server prefers', () => {
    const reversed = ALL_TYPES.toReversed();
    expect(chooseContent([['Accept', 'application/json, application/msgpack']], reversed, false)).toBe(JSON_TYPE);
    expect(chooseContent([['Accept', '*/*']], reversed, false)!.contentType).toBe('application/msgpack');
  });
});

describe('Accept-Encoding', () => {
  const cases: [accept: string, chosen: string | undefined][] = [
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate, br, gzip', 'gzip'],
    ['deflate', undefined],
    ['', undefined],
    ['*', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0, *', 'zstd'],
    ['gzip;q=0.1, zstd;q=0.2', 'zstd'],
    ['zstd, gzip', 'zstd'],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity, gzip', 'gzip'],
  ];
  for (const [accept, chosen] of cases) {
    it(`${accept || 'empty'}: ${chosen ?? 'none'}`, () => {
      const offered = [named('gzip'), named('zstd')];
      expect(chooseCompression([['accept-encoding', accept]], offered)?.encoding).toBe(chosen);
    });
  }
  it('nothing asked, nothing offered', () => {
    expect(chooseCompression([], [named('gzip')])).toBeUndefined();
    expect(chooseCompression([['Accept-Encoding', '*']], [])).toBeUndefined();
  });
});

describe('packet format', () => {
  const cases: [headers: Headers, format: string | undefined][] = [
    [[], undefined],
    [[['Packet-Format', 'text']], 'text'],
    [[['Accept-Packet-Format', 'text']], 'text'],
    [[['packet-format', ' TEXT ']], 'text'],
    [[['Packet-Format', 'Binary']], 'binary'],
    [[['Packet-Format', 'json']], undefined],
    [
      [
        ['Packet-Format', 'json'],
        ['Accept-Packet-Format', 'text'],
      ],
      'text',
    ],
    [
      [
        ['Accept-Packet-Format', 'text'],
        ['Packet-Format', 'binary'],
      ],
      'binary',
    ],
    [
      [
        ['Packet-Format', ''],
        ['Packet-Format', 'text'],
      ],
      'text',
    ],
  ];
  for (const [headers, format] of cases) {
    it(`${JSON.stringify(headers)}: ${format ?? 'absent'}`, () => expect(packetFormat(headers)).toBe(format));
  }
});

it('lists keep their order and lose their parameters', () => {
  expect(weightedList(['b;q=0.5,a', ' C ;x="y"'])).toEqual([
    { value: 'b', weight: 0.5 },
    { value: 'a', weight: 1 },
    { value: 'c', weight: 1 },
  ]);
});
