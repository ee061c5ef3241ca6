import { listenerCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { listenerFixture } from './saboteurs/listeners.js';

describe.concurrent.each(['stream', 'message'] as const)('listenerCases, %s', (kind) => {
  for (const c of listenerCases(listenerFixture({ kind }))) it(c.name, { skip: c.skip !== false }, c.run);
});
