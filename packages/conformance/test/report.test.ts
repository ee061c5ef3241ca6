import { type Case, reportCases } from '@stmp/conformance';
import { expect, it } from 'vitest';

const settled = (name: string, end: Promise<void>): Case => ({ name, skip: false, run: () => end });

it('prints cases in their order, however they end', async () => {
  let finish: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const lines: string[] = [];
  const totals = await reportCases(
    [
      settled('one that takes long', slow),
      { name: 'one that does not apply', skip: 'there is nothing', run: () => Promise.reject(new Error('was run')) },
      {
        name: 'one that fails',
        skip: false,
        run: () => Promise.reject(new Error('length: expected 1, got 2\nand more')),
      },
      { name: 'one that throws a text', skip: false, run: () => Promise.reject('text') },
      { name: 'the last', skip: false, run: async () => finish() },
    ],
    { print: (line) => lines.push(line), atOnce: 2 },
  );
  expect(lines).toEqual([
    '  ok      one that takes long',
    '  skip    one that does not apply',
    '            because there is nothing',
    '  FAILED  one that fails',
    '            length: expected 1, got 2',
    '            and more',
    '  FAILED  one that throws a text',
    '            "text"',
    '  ok      the last',
  ]);
  expect(totals).toEqual({ passed: 2, failed: 2, skipped: 1 });
});
