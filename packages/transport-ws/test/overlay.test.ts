import type { Headers } from '@stmp/contract';
import { describe, expect, it } from 'vitest';
import { maskQuery } from '../src/address.js';
import { overlay } from '../src/node/overlay.js';
import { UpgradeRecord } from '../src/node/upgrade-record.js';

const none: ReadonlySet<string> = new Set();

describe('the STMP headers of an upgrade request', () => {
  const table: [name: string, query: string, http: Headers, listed: string[], expected: Headers][] = [
    [
      'from the query',
      '?Accept=application%2Fjson&Stmp-Version=1.0',
      [],
      [],
      [
        ['Accept', 'application/json'],
        ['Stmp-Version', '1.0'],
      ],
    ],
    ['from HTTP', '', [['accept', 'application/json']], [], [['accept', 'application/json']]],
    ['the query wins for own names', '?Accept=a', [['Accept', 'b']], [], [['Accept', 'a']]],
    [
      'own names in any case',
      '?accept=a&STMP-version=1.0',
      [
        ['ACCEPT', 'b'],
        ['Stmp-Version', '2'],
      ],
      [],
      [
        ['accept', 'a'],
        ['STMP-version', '1.0'],
      ],
    ],
    [
      'every own name',
      '?Accept-Encoding=a&Accept-Packet-Format=b&Packet-Format=c&Stmp-X=d',
      [
        ['accept-encoding', '1'],
        ['accept-packet-format', '2'],
        ['packet-format', '3'],
        ['stmp-x', '4'],
      ],
      [],
      [
        ['Accept-Encoding', 'a'],
        ['Accept-Packet-Format', 'b'],
        ['Packet-Format', 'c'],
        ['Stmp-X', 'd'],
      ],
    ],
    [
      'several values of one key',
      '?Accept=a&Accept=b',
      [
        ['Accept', 'c'],
        ['Accept', 'd'],
      ],
      [],
      [
        ['Accept', 'a'],
        ['Accept', 'b'],
      ],
    ],
    ['HTTP wins for other names', '?X-User=admin', [['x-user', 'bob']], [], [['x-user', 'bob']]],
    [
      'other names where HTTP has none',
      '?X-Room=7',
      [['x-user', 'bob']],
      [],
      [
        ['X-Room', '7'],
        ['x-user', 'bob'],
      ],
    ],
    ['listed names overlay', '?X-User=admin', [['x-user', 'bob']], ['x-user'], [['X-User', 'admin']]],
    [
      'never from the query',
      '?Cookie=a&Origin=b&HOST=c&Authorization=d&Forwarded=e&X-Forwarded-For=f&x-forwarded-anything=g&X-Real-IP=h',
      [],
      [],
      [],
    ],
    ['not even with a list', '?Cookie=a', [], ['cookie'], []],
    [
      'and these stay in the HTTP view',
      '',
      [
        ['Cookie', 'a'],
        ['Origin', 'b'],
        ['Host', 'c'],
        ['Authorization', 'd'],
        ['X-Forwarded-For', 'e'],
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Key', 'k'],
        ['User-Agent', 'u'],
      ],
      [],
      [['User-Agent', 'u']],
    ],
    ['nor do they come in as HTTP machinery', '?Upgrade=h2c&Sec-WebSocket-Key=x&Connection=close', [], [], []],
    [
      'escapes',
      '?Accept=a%2Cb+c&Stmp-Note=%C3%A9%3B%3A',
      [],
      [],
      [
        ['Accept', 'a,b c'],
        ['Stmp-Note', 'é;:'],
      ],
    ],
    ['a name without value', '?Accept&=x', [], [], [['Accept', '']]],
  ];
  it.each(table)('%s', (_, query, http, listed, expected) => {
    expect(overlay(`/stmp${query}`, http, new Set(listed))).toEqual(expected);
  });

  it('come from a packed record, which also has the HTTP view as it was', () => {
    const rawHeaders = ['Host', 'h', 'X-Empty', '', 'Cookie', 'a=b', 'cookie', 'c=d'];
    const record = new UpgradeRecord({ method: 'GET', url: '/p?Accept=x&Cookie=evil', rawHeaders }, none);
    expect(record.headers).toEqual([
      ['Accept', 'x'],
      ['X-Empty', ''],
    ]);
    expect(record.http).toEqual({
      method: 'GET',
      url: '/p?Accept=x&Cookie=evil',
      headers: [
        ['Host', 'h'],
        ['X-Empty', ''],
        ['Cookie', 'a=b'],
        ['cookie', 'c=d'],
      ],
    });
    expect(new UpgradeRecord({ rawHeaders: [] }, none).http.headers).toEqual([]);
  });
});

describe('maskQuery', () => {
  it.each([
    ['ws://h/p', 'ws://h/p'],
    ['ws://h/p?Token=secret&x=1', 'ws://h/p?Token=***&x=***'],
    ['/p?a=b=c&d', '/p?a=***&d'],
    ['wss://user:password@h/p', 'wss://***@h/p'],
    ['ws://h/p@q?a=b@c', 'ws://h/p@q?a=***'],
  ])('%s', (url, expected) => {
    expect(maskQuery(url)).toBe(expected);
  });
});
