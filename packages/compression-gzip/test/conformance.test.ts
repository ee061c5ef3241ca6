import { compressionCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { ENGINES, gzip, membersOf } from './helpers.js';

for (const engine of ENGINES) {
  describe(`conformance, ${engine}`, () => {
    for (const c of compressionCases({ compression: gzip(engine), members: membersOf })) {
      it.skipIf(c.skip !== false)(c.name, c.run);
    }
  });
}
