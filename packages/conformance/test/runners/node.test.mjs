import test from 'node:test';
import { compressionCases, listenerCases, payloadCases, transportCases } from '@stmp/conformance';
import { codec, compression, listener, messages, streams } from './parts.mjs';

const kits = [
  transportCases(streams),
  transportCases(messages),
  listenerCases(listener),
  payloadCases({ codec }),
  compressionCases({ compression }),
];
for (const cases of kits) for (const c of cases) test(c.name, { skip: c.skip }, c.run);
