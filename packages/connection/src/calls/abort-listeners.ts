/** What runs when a signal aborts; one entry for each signal that somebody here listens to. */
const listening = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `fn` once when the signal aborts; the result removes it. All share one listener on the signal: platforms take
 * more than ten for a leak and say so, though any number of calls may have one signal.
 */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  let fns = listening.get(signal);
  if (fns === undefined) {
    fns = new Set();
    listening.set(signal, fns);
  }
  const mine = fns;
  if (mine.size === 0) signal.addEventListener('abort', runAll);
  mine.add(fn);
  return () => {
    if (mine.delete(fn) && mine.size === 0) signal.removeEventListener('abort', runAll);
  };
}

function runAll(this: AbortSignal): void {
  const fns = listening.get(this);
  if (fns === undefined) return;
  const now = [...fns];
  fns.clear();
  this.removeEventListener('abort', runAll);
  for (const fn of now) fn();
}
