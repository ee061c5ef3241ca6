import { transportCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { unixFixture } from './fixture.js';

describe.concurrent('unix', () => {
  for (const c of transportCases(unixFixture())) it(c.name, { skip: c.skip !== false }, c.run);
});
