import { readFileSync } from 'node:fs';
import { type OptionSpecs, readArgs } from './args.js';
import { ExitCode, usage } from './exit-code.js';
import { failureOf } from './failure.js';
import { overview, verbHelp } from './help.js';
import { type Io, say } from './io.js';
import { HELP_OPTION, VERBS } from './verbs.js';

/**
 * The program: `stmp call tcp://localhost:5001 RoomService.Join '{"name":"lobby"}' --proto room.proto`.
 * @param argv What stands behind the name of the program.
 * @returns the exit code. Never rejects.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    if (io.signal.aborted) return ExitCode.Interrupted;
    const { exitCode, message } = failureOf(error);
    say(io, `stmp: ${message}`, 'red');
    const [name = ''] = argv;
    if (exitCode === ExitCode.Usage)
      say(io, `See stmp ${VERBS.some((verb) => verb.name === name) ? `${name} ` : ''}--help.`);
    return exitCode;
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = argv;
  const verb = VERBS.find((each) => each.name === name);
  if (verb === undefined) {
    const general: OptionSpecs = { ...HELP_OPTION, version: { text: 'the version' } };
    const args = readArgs(argv, general);
    if (args.has('version')) io.out(`${version()}\n`);
    else if (args.has('help') || name === 'help') io.out(help(args.positionals[1]));
    else if (name === undefined) {
      io.err(overview(VERBS));
      return ExitCode.Usage;
    } else throw usage(`there is no ${name}; there are ${VERBS.map((each) => each.name).join(', ')}`);
    return ExitCode.Done;
  }
  const args = readArgs(rest, { ...verb.options, ...HELP_OPTION });
  if (args.has('help')) io.out(verbHelp(verb));
  else await verb.run(args, io);
  return ExitCode.Done;
}

function help(name: string | undefined): string {
  const verb = VERBS.find((each) => each.name === name);
  return verb === undefined ? overview(VERBS) : verbHelp(verb);
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
