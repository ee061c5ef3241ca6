// User code may throw anything: an object without a prototype, a proxy that throws at every access, nothing at all.

/** The text of something thrown; empty where it has none. Never throws. */
export function textOf(thrown: unknown): string {
  try {
    const text: unknown = thrown instanceof Error ? thrown.message : String(thrown);
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}

/** True for what can be awaited. Never throws: what cannot even be looked at is a plain value. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}

/** Watches what user code returned where nobody waits for it; `report` gets what it rejects with. */
export function watch(result: unknown, report: (error: unknown) => void): void {
  if (!isThenable(result)) return;
  // Through a promise of ours, since other thenables may throw, or call back at once and more than once.
  Promise.resolve(result).then(undefined, report);
}
