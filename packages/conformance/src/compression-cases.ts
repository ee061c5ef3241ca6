import type { Case } from './case.js';
import { endCases } from './compression/end-cases.js';
import type { CompressionFixture } from './compression/fixture.js';
import { hostileCases } from './compression/hostile-cases.js';
import { memberCases } from './compression/member-cases.js';
import { streamCases } from './compression/stream-cases.js';

/** What every compression must do: the rules of `Compression` in `@stmp/contract`, each as a case. */
export function compressionCases(fixture: CompressionFixture): Case[] {
  return [...streamCases(fixture), ...memberCases(fixture), ...hostileCases(fixture), ...endCases(fixture)];
}
