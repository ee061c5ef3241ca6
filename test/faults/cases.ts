import { ATTACK_CASES } from './attacks.js';
import { END_CASES } from './ends.js';
import { ID_CASES } from './ids.js';
import type { FaultCase } from './kit.js';

export const FAULT_CASES: readonly FaultCase[] = [...END_CASES, ...ATTACK_CASES, ...ID_CASES];
