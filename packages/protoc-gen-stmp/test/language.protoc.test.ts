import { describe, expect, it } from 'vitest';
import { generateFrom } from './helpers.js';
import { right, sourcesOf, wrong } from './language-cases.js';
import { describeFiles, hasProtoc } from './protoc.js';
import { ask } from './recorded.js';

describe.skipIf(!hasProtoc('the language, as protoc reads it'))('the language, says protoc,', () => {
  for (const [what, source] of Object.entries(right)) {
    it(`has ${what}, and the code is the same`, () => {
      const sources = { 'a.proto': source };
      const { file, error } = ask(describeFiles(sources), ['a.proto']);
      expect(error).toBe('');
      expect(file.map(({ content }) => content)).toEqual(generateFrom(sources).map(({ text }) => text));
    });
  }
  for (const [what, [body]] of Object.entries(wrong)) {
    it(`has not ${what}`, () => expect(() => describeFiles(sourcesOf(body))).toThrow(/\n[ad]\.proto:/));
  }

  it('has proto2 files that only declare options', () => {
    const sources = {
      'a.proto': 'syntax = "proto3"; import public "rules.proto"; message A { int32 a = 1 [(rules.rules).min = 5]; }',
      'rules.proto':
        'syntax = "proto2"; package rules; import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { optional Rules rules = 1071; } message Rules { optional int32 min = 1 [default = 3]; }',
    };
    const { file, error } = ask(describeFiles(sources), ['a.proto', 'rules.proto']);
    expect([error, file.map(({ name }) => name)]).toEqual(['', ['a.ts']]);
    expect(file[0]?.content).toBe(generateFrom(sources)[0]?.text);
  });
});
