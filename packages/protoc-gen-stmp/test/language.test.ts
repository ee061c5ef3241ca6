import { describe, expect, it } from 'vitest';
import { problemsOf } from './helpers.js';
import { right, sourcesOf, wrong } from './language-cases.js';

describe('the language', () => {
  for (const [what, source] of Object.entries(right)) {
    it(`has ${what}`, () => expect(problemsOf({ 'a.proto': source })).toEqual([]));
  }
  for (const [what, [body, ...problems]] of Object.entries(wrong)) {
    it(`has not ${what}`, () => expect(problemsOf(sourcesOf(body))).toEqual(problems));
  }
});
