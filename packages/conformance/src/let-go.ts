import { fail } from './assert.js';
import { settles } from './time.js';

interface Platform {
  readonly gc?: () => void;
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

/** Collects garbage at once; undefined where that cannot be had. */
function findCollector(): (() => void) | undefined {
  const { gc, process } = globalThis as Platform;
  if (gc !== undefined) return gc;
  const v8 = process?.getBuiltinModule?.('node:v8') as { setFlagsFromString(flag: string): void } | undefined;
  const vm = process?.getBuiltinModule?.('node:vm') as { runInNewContext(code: string): unknown } | undefined;
  if (v8 === undefined || vm === undefined) return undefined;
  v8.setFlagsFromString('--expose-gc');
  const collector = vm.runInNewContext('typeof gc === "function" ? gc : undefined') as (() => void) | undefined;
  v8.setFlagsFromString('--no-expose-gc');
  return collector;
}

/** Why what is held cannot be looked at, or false. Only asked when cases are made: importing this does nothing. */
export function cannotCollect(): string | false {
  return collector() === undefined && 'this platform cannot be told to collect garbage';
}

let found: { readonly collect: (() => void) | undefined } | undefined;
function collector(): (() => void) | undefined {
  found ??= { collect: findCollector() };
  return found.collect;
}

export function collectGarbage(): void {
  collector()?.();
}

/** References to things that should be let go by all others. */
export class Watched {
  readonly #references: WeakRef<object>[] = [];

  add(thing: object): void {
    this.#references.push(new WeakRef(thing));
  }

  get #left(): number {
    return this.#references.filter((reference) => reference.deref() !== undefined).length;
  }

  /** Waits until at most `kept` of them are there still. */
  async expectLetGo(kept: number, ms: number, what: string): Promise<void> {
    const gone = await settles(ms, () => {
      collectGarbage();
      return this.#left <= kept;
    });
    if (!gone) fail(`${what}: expected at most ${kept} of ${this.#references.length} to be kept, got ${this.#left}`);
  }
}
