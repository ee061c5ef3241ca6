import { createHeaders, encodeHeaderBlock, getHeader, headerBlockBytes } from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { thrownBy, utf8 } from './helpers.js';

describe('header blocks', () => {
  it('are escaped in upper case', () => {
    expect(encodeHeaderBlock([['a:b', 'c;d\ne%f']])).toBe('a%3Ab:c%3Bd%0Ae%25f');
    expect(encodeHeaderBlock([['a', '%3a%']])).toBe('a:%253a%25');
  });

  it('are absent without fields', () => {
    expect(encodeHeaderBlock([])).toBe('');
    expect(headerBlockBytes([])).toBeUndefined();
    expect(headerBlockBytes([['', '']])).toEqual(utf8(':'));
    expect(
      headerBlockBytes([
        ['', ''],
        ['', ''],
      ]),
    ).toEqual(utf8(':;:'));
  });

  it.each<[unknown, string]>([
    [[['a', undefined]], 'header a must be a string, got undefined'],
    [[['a', 1]], 'header a must be a string, got number'],
    [[[1, 'a']], 'header name must be a string, got number'],
  ])('refuse %j', (headers, message) => {
    expect(thrownBy(() => encodeHeaderBlock(headers as never))).toMatchObject({ name: 'TypeError', message });
    expect(thrownBy(() => createHeaders(headers as never))).toMatchObject({ name: 'TypeError', message });
  });
});

describe('createHeaders', () => {
  const list = [
    ['Tag', 'a'],
    ['X', 'y'],
    ['tAG', 'b'],
  ] as const;

  it('looks names up without regard to case', () => {
    const headers = createHeaders(list);
    expect(headers.get('TAG')).toBe('a');
    expect(headers.getAll('tag')).toEqual(['a', 'b']);
    expect(headers.has('x')).toBe(true);
    expect(headers.has('y')).toBe(false);
    expect(headers.get('y')).toBeUndefined();
    expect(headers.getAll('y')).toEqual([]);
    expect(headers.size).toBe(3);
    expect(getHeader(list, 'tag')).toBe('a');
    expect(getHeader(list, 'tags')).toBeUndefined();
  });

  it('folds ASCII letters only', () => {
    const kelvin = createHeaders([['Coo\u212aie', 'x']]);
    expect(kelvin.has('cookie')).toBe(false);
    expect(createHeaders([['@', 'x']]).has('`')).toBe(false);
    expect(createHeaders([['[', 'x']]).has('{')).toBe(false);
    expect(createHeaders([['aZ', 'x']]).has('Az')).toBe(true);
  });

  it('keeps order and spelling', () => {
    const headers = createHeaders(list);
    expect(headers.toList()).toEqual(list);
    expect([...headers]).toEqual(list);
    expect(headers.set('TAG', 'c').toList()).toEqual([
      ['TAG', 'c'],
      ['X', 'y'],
    ]);
    expect(headers.set('new', 'n').append('x', 'z').toList()).toEqual([
      ['TAG', 'c'],
      ['X', 'y'],
      ['new', 'n'],
      ['x', 'z'],
    ]);
    expect(headers.delete('X').toList()).toEqual([
      ['TAG', 'c'],
      ['new', 'n'],
    ]);
    expect(headers.delete('absent').size).toBe(2);
    expect(list.length).toBe(3);
  });

  it('shares nothing with what it gave away', () => {
    const headers = createHeaders([['a', 'b']]);
    const before = headers.toList();
    const seen: string[] = [];
    for (const [name] of headers) {
      seen.push(name);
      headers.append('more', 'x');
    }
    expect(seen).toEqual(['a']);
    expect(before).toEqual([['a', 'b']]);
  });

  it('takes an object with one value or several', () => {
    expect(createHeaders({ a: 'b', c: ['d', 'e'], f: [] }).toList()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'e'],
    ]);
    expect(createHeaders().size).toBe(0);
    expect(createHeaders(JSON.parse('{"__proto__":"x"}')).get('__proto__')).toBe('x');
    expect(thrownBy(() => createHeaders({ a: 1 } as never))).toMatchObject({
      name: 'TypeError',
      message: 'header a must be a string or a list of strings, got number',
    });
  });
});
