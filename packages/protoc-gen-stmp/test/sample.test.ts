import { expect, it } from 'vitest';
import { generate } from '../src/index.js';
import { problemsOf } from './helpers.js';
import { OPTIONS_ONLY, REFUSED, readSample, sampleNames } from './sample.js';

it('files that others wrote compile', () => {
  expect(sampleNames.length).toBeGreaterThan(380);
  const files = generate({ files: sampleNames, read: readSample, skipStreams: true });
  expect(files.map(({ path }) => path).sort()).toEqual(
    sampleNames.filter((name) => name !== OPTIONS_ONLY).map((name) => name.replace(/proto$/, 'ts')),
  );
});

it('the one file of theirs that does not is refused with the mend', () => {
  const problems = problemsOf({}, { files: [REFUSED], read: readSample });
  expect(problems.map((problem) => problem.replace(/ there are .*; send/, ' … send'))).toEqual([
    'google/api/service.proto:103: google.protobuf.Api is not supported; of google.protobuf … send bytes, or copy what you need of it into a message of your own',
    'google/api/service.proto:113: google.protobuf.Type is not supported; of google.protobuf … send bytes, or copy what you need of it into a message of your own',
    'google/api/service.proto:122: google.protobuf.Enum is not supported; of google.protobuf … send bytes, or copy what you need of it into a message of your own',
  ]);
});
