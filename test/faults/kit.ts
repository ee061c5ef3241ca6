import { setTimeout as sleep } from 'node:timers/promises';

/** How large a run is: `short` in the tests, larger ones in `npm run soak`. */
export interface Scale {
  readonly clients: number;
  readonly calls: number;
  readonly malformed: number;
  readonly loris: number;
  readonly flood: number;
  readonly cycles: number;
  /** How long traffic runs before something happens. */
  readonly trafficMs: number;
}

export const SHORT: Scale = {
  clients: 20,
  calls: 5_000,
  malformed: 500,
  loris: 50,
  flood: 200_000,
  cycles: 500,
  trafficMs: 200,
};
export const LONG: Scale = {
  clients: 200,
  calls: 100_000,
  malformed: 10_000,
  loris: 1_000,
  flood: 5_000_000,
  cycles: 10_000,
  trafficMs: 3_000,
};

/** One fault: it makes it happen, looks at both ends, and returns what it counted. It throws when a promise was broken. */
export interface FaultCase {
  readonly name: string;
  run(scale: Scale, tally: Tally): Promise<void>;
}

/** Counts calls at both ends. */
export class Tally {
  /** Further figures of a case. */
  readonly figures: Record<string, number> = {};
  made = 0;
  #pending = 0;
  readonly #fulfilled = new Map<number, number>();
  readonly #failed = new Map<number, string>();
  readonly #begun = new Map<number, number>();
  readonly #ended = new Set<number>();
  wrong = 0;

  /** Makes one call; its id is what the answer has to show. */
  call(make: (id: number) => Promise<{ id: number }>): Promise<void> {
    const id = ++this.made;
    this.#pending++;
    return make(id).then(
      (answer) => {
        this.#pending--;
        if (answer.id !== id) this.wrong++;
        this.#fulfilled.set(id, (this.#fulfilled.get(id) ?? 0) + 1);
      },
      (error: { code?: string }) => {
        this.#pending--;
        this.#failed.set(id, String(error.code ?? error));
      },
    );
  }

  /** A handler has begun with a call. */
  begin(id: number): void {
    this.#begun.set(id, (this.#begun.get(id) ?? 0) + 1);
  }

  end(id: number): void {
    this.#ended.add(id);
  }

  get fulfilled(): number {
    return this.#fulfilled.size;
  }

  get failed(): number {
    return this.#failed.size;
  }

  /** Failures by code. */
  get failures(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const code of this.#failed.values()) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }

  /** Calls that did not settle exactly once, ran twice, or were fulfilled without having run to their end. */
  get broken(): Record<string, number> {
    return {
      unsettled: this.#pending,
      settledTwice: this.#fulfilled.size + this.#failed.size - this.made + this.#pending,
      wrong: this.wrong,
      ranTwice: [...this.#begun.values()].filter((count) => count > 1).length,
      fulfilledWithoutEnd: [...this.#fulfilled.keys()].filter((id) => !this.#ended.has(id)).length,
    };
  }

  get begun(): number {
    return this.#begun.size;
  }
}

/** The row that a case prints. */
export interface Row {
  readonly name: string;
  readonly calls: number;
  readonly fulfilled: number;
  readonly failures: Record<string, number>;
  readonly broken: Record<string, number>;
  readonly figures: Record<string, number>;
  readonly seconds: number;
  readonly peakMb: number;
  /** Sockets, servers, processes and timers that are left over. */
  readonly handles: Record<string, number>;
  readonly unhandled: number;
}

function handles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** What is there now and was not before. */
function leftOver(before: Map<string, number>): Record<string, number> {
  const left: Record<string, number> = {};
  for (const [name, count] of handles()) {
    const more = count - (before.get(name) ?? 0);
    if (more > 0) left[name] = more;
  }
  return left;
}

export async function runCase(fault: FaultCase, scale: Scale): Promise<Row> {
  const before = handles();
  let unhandled = 0;
  const onUnhandled = (): void => void unhandled++;
  process.on('unhandledRejection', onUnhandled);
  let peak = process.memoryUsage().rss;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const tally = new Tally();
  const startMs = performance.now();
  try {
    await fault.run(scale, tally);
  } finally {
    clearInterval(watch);
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  // Sockets take a turn or two to go.
  let left = leftOver(before);
  for (let i = 0; i < 100 && Object.keys(left).length > 0; i++) {
    await sleep(20);
    left = leftOver(before);
  }
  process.removeListener('unhandledRejection', onUnhandled);
  return {
    name: fault.name,
    calls: tally.made,
    fulfilled: tally.fulfilled,
    failures: tally.failures,
    broken: tally.broken,
    figures: tally.figures,
    seconds: Math.round(performance.now() - startMs) / 1_000,
    peakMb: Math.round(peak / 1_048_576),
    handles: left,
    unhandled,
  };
}

/** True when every promise was kept. */
export function kept(row: Row): boolean {
  const broken = Object.values(row.broken).some((count) => count !== 0);
  return !broken && row.unhandled === 0 && Object.keys(row.handles).length === 0;
}

export function print(row: Row): string {
  const list = (record: Record<string, number>): string =>
    Object.entries(record)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const calls = `${row.calls} calls, ${row.fulfilled} fulfilled`;
  const failures = list(row.failures);
  const parts = [
    `${row.name}: ${calls}${failures === '' ? '' : `, failed: ${failures}`}`,
    kept(row) ? 'kept' : `BROKEN: ${list(row.broken)}, unhandled ${row.unhandled}, left: ${list(row.handles)}`,
    list(row.figures),
    `peak ${row.peakMb} MB`,
    `${row.seconds} s`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}
