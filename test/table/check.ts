// A few words to check with, without a test runner: the cases run in browsers, too.

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `bytes(${value.join(' ')})`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{${fields
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${name}: ${show(field)}`)
      .join(', ')}}`;
  }
  return Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? String(value));
}

/** Compares by value; fields that are undefined count as absent. */
export function same(actual: unknown, expected: unknown, what = 'value'): void {
  const [is, should] = [show(actual), show(expected)];
  if (is === should) return;
  const short = (text: string): string => (text.length > 400 ? `${text.slice(0, 400)}...` : text);
  throw new Error(`${what}: expected ${short(should)}, got ${short(is)}`);
}

/** The error a promise fails with, or an error of our own when it does not. */
export async function failure(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error(`expected a failure, got ${show(value)}`);
}

/** Collects what comes, and waits for a number of them. */
export class Inbox<T> {
  readonly items: T[] = [];
  #wake: (() => void) | undefined;

  put(item: T): void {
    this.items.push(item);
    this.#wake?.();
  }

  async count(count: number): Promise<T[]> {
    while (this.items.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.items;
  }
}
