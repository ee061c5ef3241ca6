import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { docComment, docText } from '../src/doc.js';
import { GenerateError, generate } from '../src/index.js';
import { jsonNameOf } from '../src/model.js';
import { goNames } from '../src/names.js';
import { parseProto } from '../src/parse.js';
import { caseSource, emitted, text } from './helpers.js';

describe('names', () => {
  for (const [name, json] of [
    ['big_number', 'bigNumber'],
    ['a__b', 'aB'],
    ['_a', 'A'],
    ['a_', 'a'],
    ['a_1b', 'a1b'],
    ['FooBar', 'FooBar'],
    ['a_B', 'aB'],
  ] as const) {
    it(`${name} is ${json} in JSON`, () => expect(jsonNameOf(name)).toBe(json));
  }

  it('names fields in Go where methods are in the way', () => {
    const field = (name: string, oneof?: string): { name: string; oneof: string | undefined } => ({ name, oneof });
    const names = goNames(['size', 'string', 'descriptor', 'text', 'get_text', 'a_1b'].map((name) => field(name)));
    // GetText would be the getter of Text.
    expect([...names]).toEqual([
      ['size', 'Size_'],
      ['string', 'String_'],
      ['descriptor', 'Descriptor_'],
      ['get_text', 'GetText_'],
    ]);
    expect([...goNames([field('a', 'pick_one'), field('b', 'pick_one'), field('PickOne')])]).toEqual([
      ['PickOne', 'PickOne_'],
    ]);
  });
});

describe('comments', () => {
  for (const [leading, trailing, doc] of [
    [' One.\n', '', 'One.'],
    ['* A block. ', '', 'A block.'],
    ['*\n A\n   B\n\n C\n', '', 'A\n  B\n\nC'],
    [' One.\n', ' Two.\n', 'One.\n\nTwo.'],
    ['', ' Two.\n', 'Two.'],
    ['\n \n', '\n', ''],
    ['tight\n', '', 'tight'],
    ['  a\n b\r\n', '', ' a\nb'],
  ] as const) {
    it(JSON.stringify(leading + trailing), () => expect(docText(leading, trailing)).toBe(doc));
  }

  it('cannot end their docstring', () => {
    expect(docComment('a */ b')).toEqual(['/** a *\\/ b */']);
    expect(emitted('// */ export const hacked = 1; /*\nmessage A {}')).toContain(
      '/** *\\/ export const hacked = 1; /* */\n',
    );
  });

  it('say that something is deprecated, once', () => {
    expect(docComment('', true)).toEqual(['/** @deprecated */']);
    expect(docComment('Old.', true)).toEqual(['/**', ' * Old.', ' * @deprecated', ' */']);
    expect(docComment('@deprecated use B', true)).toEqual(['/** @deprecated use B */']);
  });

  it('come with lines of any end', () => {
    expect(emitted('// One.\r\n// Two.\r\nmessage A {}\r\n')).toContain('/**\n * One.\n * Two.\n */\nexport type A');
  });

  it('hide what looks like declarations, as do strings', () => {
    const body = `message A {
      // message B { string b = 1; }
      string a = 1 [json_name = "x; } message C { // "]; /* } */
      string b = 2; // Of b.
    }`;
    expect(emitted(body)).toContain(`'x; } message C { // ': string;\n  /**\n`.replace('\n  /**\n', '\n'));
    expect(emitted(body)).toContain('/** Of b. */\n  b: string;');
  });
});

describe('broken source', () => {
  const wide = text('proto/wide.proto');

  it('never breaks the parser', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      ';',
      '[',
      ']',
      '=',
      '"',
      "'",
      '//',
      '/*',
      '*/',
      '\n',
      'message ',
      'option ',
      'rpc ',
      '(',
      ')',
      'a ',
      '1 ',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => parseProto(pieces.join('')).tree.kind === 'file'),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('gives problems or code, never another error', () => {
    const tokens = wide.split(/(\s+|[{}[\];=(),."])/);
    let refused = 0;
    let taken = 0;
    const property = fc.property(fc.nat(tokens.length - 1), fc.nat(tokens.length - 1), fc.nat(2), (at, from, how) => {
      const mutant = [...tokens];
      if (how === 0) mutant.splice(at, 1);
      else if (how === 1) mutant.splice(at, 1, tokens[from] ?? '');
      else mutant.splice(at, 0, tokens[from] ?? '');
      const read = (name: string) =>
        name === 'wide.proto' ? { text: mutant.join(''), shown: name } : caseSource(name);
      try {
        expect(generate({ files: ['wide.proto'], read })).toHaveLength(1);
        taken++;
      } catch (error) {
        if (!(error instanceof GenerateError)) throw error;
        for (const { file, message } of error.problems)
          expect([file, message.length > 0]).toEqual(['wide.proto', true]);
        refused++;
      }
    });
    fc.assert(property, { seed: 7, numRuns: 100 });
    expect(Math.min(refused, taken)).toBeGreaterThan(10);
  });
});
