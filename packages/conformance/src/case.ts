/** One case, for any test runner: `test(c.name, { skip: c.skip }, c.run)`. */
export interface Case {
  readonly name: string;
  /** Why the case does not apply to the fixture, or false. Print it. */
  readonly skip: string | false;
  /** Rejects with an Error that says what was expected and what came. */
  run(): Promise<void>;
}

export function defineCase(name: string, skip: string | false | undefined, run: () => Promise<void>): Case {
  return { name, skip: skip ?? false, run };
}
