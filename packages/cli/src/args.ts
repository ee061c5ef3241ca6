import { type ParseArgsConfig, parseArgs } from 'node:util';
import { usage } from './exit-code.js';

/** One option: how it is parsed, told of and completed. */
export interface OptionSpec {
  readonly short?: string;
  /** What follows it, such as `FILE`; absent: a switch. */
  readonly value?: string;
  /** What may follow it, where that is a list. */
  readonly choices?: readonly string[];
  readonly isRepeated?: boolean;
  readonly text: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The arguments of one verb. */
export interface Args {
  readonly positionals: readonly string[];
  has(option: string): boolean;
  one(option: string): string | undefined;
  all(option: string): readonly string[];
}

/** @throws CliError for options that are not known, and values that are missing or not among the choices. */
export function readArgs(argv: readonly string[], specs: OptionSpecs): Args {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { short, value, isRepeated = false }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: isRepeated,
        ...(short !== undefined && { short }),
      },
    ]),
  );
  const { values, positionals } = parse(argv, options);
  const all = (option: string): readonly string[] => {
    const value = values[option];
    return (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string');
  };
  for (const [name, { choices }] of Object.entries(specs)) {
    const wrong = choices && all(name).find((value) => !choices.includes(value));
    if (wrong !== undefined) throw usage(`--${name} must be ${orList(choices!)}, not ${wrong}`);
  }
  return {
    positionals,
    has: (option) => values[option] === true,
    one: (option) => all(option)[0],
    all,
  };
}

function parse(
  argv: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    // The first sentence says what is wrong; the others are about escapes that nobody asked for.
    throw usage(error instanceof Error ? error.message.split('. ')[0]! : String(error));
  }
}

const orList = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
