import { listenerCases, transportCases } from '@stmp/conformance';
import { unixDialer, unixListener } from '@stmp/transport-unix';
import { describe, it } from 'vitest';
import { freshAddress, unixFixture } from './fixture.js';

describe.concurrent('unix', () => {
  const listening = listenerCases({
    kind: 'stream',
    listener: unixListener(),
    dialer: unixDialer(),
    address: freshAddress,
  });
  for (const c of [...transportCases(unixFixture()), ...listening]) it(c.name, { skip: c.skip !== false }, c.run);
});
