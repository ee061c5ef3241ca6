let waiting: (() => void)[] = [];

/** Runs `fn` at the end of this turn. One tick serves all links, so a broadcast does not cost one for each member. */
export function atEndOfTurn(fn: () => void): void {
  if (waiting.push(fn) === 1) process.nextTick(runWaiting);
}

function runWaiting(): void {
  const fns = waiting;
  waiting = [];
  let next = 0;
  try {
    while (next < fns.length) fns[next++]!();
  } finally {
    // One that throws does not take the others with it.
    for (; next < fns.length; next++) atEndOfTurn(fns[next]!);
  }
}
