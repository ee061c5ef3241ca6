import type { Clock } from '../clock.js';
import { afterTurn } from './turn.js';

/** A timer that comes later than this is no proof of what it was set for. */
const LATE_MS = 10;
/** Turns until what lies in sockets has come up through all layers: KCP and TLS take one of their own each. */
const TURNS = 3;

/**
 * Runs `judge`, which ends something for want of input by `dueMs`. When the timer came late, this process was stopped or
 * blocked, and the input may well be there: it is read first.
 */
export function judgeAt(dueMs: number, clock: Clock, judge: () => void): void {
  if (clock.nowMs() - dueMs > LATE_MS) afterTurns(TURNS, judge);
  else judge();
}

function afterTurns(turns: number, fn: () => void): void {
  afterTurn({ turnEnded: () => (turns > 1 ? afterTurns(turns - 1, fn) : fn()) });
}
