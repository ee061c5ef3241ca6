import type { Clock } from '../clock.js';
import { afterTurn, type Turned } from './turn.js';

/** How long one connection may keep the others waiting; and in each turn all that wait for a further slice together. */
const SLICE_MS = 5;
/** While some wait for a further slice, a first one is shorter. */
const SHORT_SLICE_MS = 1;
/** Packets in one slice, however quick they are. */
export const SLICE_PACKETS = 2_048;

/** Somebody who has used up a slice and has more to do. */
export interface Sliced {
  readonly clock: Clock;
  nextSlice(): void;
}

const waiting = new Set<Sliced>();
let scheduled = false;

/** The length of a slice that begins now. */
export function sliceMs(): number {
  return waiting.size > 0 ? SHORT_SLICE_MS : SLICE_MS;
}

const TURN: Turned = {
  turnEnded() {
    scheduled = false;
    const [first] = waiting;
    if (first === undefined) return;
    const { clock } = first;
    const endsMs = clock.nowMs() + SLICE_MS;
    for (const who of [...waiting]) {
      waiting.delete(who);
      who.nextSlice();
      if (clock.nowMs() >= endsMs) break;
    }
    if (waiting.size > 0) schedule();
  },
};

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  afterTurn(TURN);
}

/** Has `who.nextSlice()` called in a later turn, after those who wait already. */
export function waitForSlice(who: Sliced): void {
  waiting.add(who);
  schedule();
}
