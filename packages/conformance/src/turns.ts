/**
 * The order among cases of one process, of all kits: most run beside each other, those that look at the whole process
 * run alone. Who waits to be alone goes before those that come later.
 */
let running = 0;
const waiting: { readonly alone: boolean; readonly begin: () => void }[] = [];
let aloneRuns = false;

function next(): void {
  while (waiting.length > 0 && !aloneRuns) {
    const first = waiting[0] as (typeof waiting)[number];
    if (first.alone && running > 0) return;
    waiting.shift();
    aloneRuns = first.alone;
    running++;
    first.begin();
  }
}

/** Runs `body` in its turn. */
export async function inTurn<T>(alone: boolean, body: () => Promise<T>): Promise<T> {
  await new Promise<void>((begin) => {
    waiting.push({ alone, begin });
    next();
  });
  try {
    return await body();
  } finally {
    running--;
    if (alone) aloneRuns = false;
    next();
  }
}
