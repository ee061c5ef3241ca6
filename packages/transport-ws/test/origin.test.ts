import { describe, expect, it } from 'vitest';
import { type AllowedOrigins, resolveOrigins } from '../src/node/origin.js';

const asks = (allowed: AllowedOrigins | undefined, origin: string | undefined, host: string | undefined): boolean =>
  resolveOrigins(allowed)({ headers: { origin, host } });

describe('origins', () => {
  const table: [
    origin: string | undefined,
    host: string | undefined,
    allowed: AllowedOrigins | undefined,
    ok: boolean,
  ][] = [
    [undefined, 'example.com', undefined, true],
    [undefined, 'example.com', () => false, true],
    ['http://example.com', 'example.com', undefined, true],
    ['https://example.com', 'example.com', undefined, true],
    ['https://example.com', 'example.com:443', undefined, true],
    ['http://example.com:80', 'example.com', undefined, true],
    ['http://example.com', 'example.com:80', undefined, true],
    ['https://example.com', 'example.com:80', undefined, false],
    ['https://example.com:8443', 'example.com:8443', undefined, true],
    ['https://example.com:8443', 'example.com', undefined, false],
    ['https://example.com', 'EXAMPLE.com', undefined, true],
    ['http://[::1]:5000', '[::1]:5000', undefined, true],
    ['https://example.com.evil.net', 'example.com', undefined, false],
    ['https://evil.net', 'example.com', undefined, false],
    ['https://sub.example.com', 'example.com', undefined, false],
    ['null', 'example.com', undefined, false],
    ['null', 'null', undefined, false],
    ['', '', undefined, false],
    ['https://example.com', undefined, undefined, false],
    ['chrome-extension://abc', 'abc', undefined, false],
    ['http://evil.net, http://example.com', 'example.com', undefined, false],
    ['https://app.example', 'api.example', ['https://app.example'], true],
    ['https://app.example', 'api.example', ['https://app.example:443'], true],
    ['https://app.example:444', 'api.example', ['https://app.example'], false],
    ['http://app.example', 'api.example', ['https://app.example'], false],
    ['http://api.example', 'api.example', ['https://app.example'], true],
    ['chrome-extension://abc', 'api.example', ['chrome-extension://abc'], true],
    ['null', 'api.example', ['null'], true],
    ['https://a.example', 'api.example', [/https:\/\/[a-z]\.example/], true],
    ['https://a.example.evil.net', 'api.example', [/https:\/\/[a-z]\.example/], false],
    ['https://evil.net/https://a.example', 'api.example', [/https:\/\/[a-z]\.example/], false],
    ['https://b.example', 'api.example', [/https:\/\/[a-z]\.example/g, /https:\/\/b\.example|x/y], true],
    ['https://anything', 'api.example', '*', true],
    ['null', 'api.example', '*', false],
    ['https://anything', 'api.example', (origin) => origin.endsWith('thing'), true],
    ['http://api.example', 'api.example', () => false, false],
    ['null', 'api.example', () => true, true],
  ];
  it.each(table)('%s to %s with %s: %s', (origin, host, allowed, ok) => {
    const rule = resolveOrigins(allowed);
    expect(rule({ headers: { origin, host } })).toBe(ok);
    expect(rule({ headers: { origin, host } })).toBe(ok);
    expect(asks(allowed, origin, host)).toBe(ok);
  });

  it.each([['example.com'], ['https://example.com/'], ['https://example.com/path'], ['*'], ['']])(
    'refuses %j in the list',
    (entry) => {
      expect(() => resolveOrigins([entry])).toThrow(TypeError);
    },
  );
  it('refuses what is no rule', () => {
    expect(() => resolveOrigins('https://example.com' as never)).toThrow(TypeError);
    expect(() => resolveOrigins([1] as never)).toThrow(TypeError);
  });
});
