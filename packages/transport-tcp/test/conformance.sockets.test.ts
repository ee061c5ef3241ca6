import { transportCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { makeCertificate, tcpFixture } from './fixture.js';

const certificate = await makeCertificate();

describe.concurrent('tcp', () => {
  for (const c of transportCases(tcpFixture())) it(c.name, { skip: c.skip !== false }, c.run);
});

describe.concurrent('tls', () => {
  for (const c of transportCases(tcpFixture(certificate))) it(c.name, { skip: c.skip !== false }, c.run);
});
