import type { Case } from './case.js';
import { careCases } from './payload/care-cases.js';
import type { PayloadFixture } from './payload/fixture.js';
import { hostileCases } from './payload/hostile-cases.js';
import { roundTripCases } from './payload/round-trip-cases.js';

/** What every payload codec must do: the rules of `PayloadCodec` and `MessageCodec` in `@stmp/contract`, each as a case. */
export function payloadCases(fixture: PayloadFixture): Case[] {
  return [...roundTripCases(fixture), ...hostileCases(fixture), ...careCases(fixture)];
}
