import type { Compression, PayloadCodec } from '@stmp/contract';
import type { Case } from './case.js';
import type { CompressionFixture } from './compression/fixture.js';
import { compressionCases } from './compression-cases.js';
import type { ListenerFixture } from './listener/fixture.js';
import { listenerCases } from './listener-cases.js';
import type { PayloadFixture } from './payload/fixture.js';
import { payloadCases } from './payload-cases.js';
import type { Stack, TransportFixture } from './transport/fixture.js';
import { transportCases } from './transport-cases.js';

/** The cases for one export of an author's module. */
export interface Kit {
  /** Of the export. */
  readonly name: string;
  /** What it is taken for. */
  readonly what: string;
  readonly cases: readonly Case[];
}

type Members = Readonly<Record<string, unknown>>;
const areFunctions = (...members: readonly unknown[]): boolean => members.every((one) => typeof one === 'function');
const areObjects = (...members: readonly unknown[]): boolean =>
  members.every((one) => typeof one === 'object' && one !== null);

function kitOf(name: string, value: Members, stack: Stack | undefined): Kit | undefined {
  const kit = (what: string, cases: readonly Case[]): Kit => ({ name, what, cases });
  if (areFunctions(value.open)) {
    const fixture = value as unknown as TransportFixture;
    return kit(`a ${fixture.kind} transport`, transportCases(stack === undefined ? fixture : { stack, ...fixture }));
  }
  if (areObjects(value.listener, value.dialer)) {
    return kit('a listener', listenerCases(value as unknown as ListenerFixture));
  }
  if (areObjects(value.codec)) return kit('a payload codec', payloadCases(value as unknown as PayloadFixture));
  if (areObjects(value.compression)) {
    return kit('a compression', compressionCases(value as unknown as CompressionFixture));
  }
  if (areFunctions(value.message)) {
    return kit('a payload codec', payloadCases({ codec: value as unknown as PayloadCodec }));
  }
  if (areFunctions(value.createCompressor)) {
    return kit('a compression', compressionCases({ compression: value as unknown as Compression }));
  }
  return undefined;
}

/**
 * The kits that fit what a module exports: fixtures of transports, listeners, payload codecs and compressions, and
 * codecs and compressions themselves. Other exports are passed over.
 * @param stack For transports whose fixture has none.
 */
export function kitsOf(exported: Members, stack?: Stack): Kit[] {
  return Object.entries(exported).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return [];
    return kitOf(name, value as Members, stack) ?? [];
  });
}
