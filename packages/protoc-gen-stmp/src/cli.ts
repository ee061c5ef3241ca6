import { readFileSync } from 'node:fs';
import { type CliArgs, HELP, parseCliArgs, UsageError } from './cli-args.js';
import { type DiskOptions, findRoots, generateFromDisk, notesOn, staleOutput, writeOutput } from './disk.js';
import { GenerateError } from './problem.js';
import { foldersOf, type WatchFolders } from './watch.js';

/** What the program touches of its surroundings. */
export interface CliIo {
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** What `--watch` watches with. */
  readonly watch?: WatchFolders | undefined;
}

/** @returns the exit code; with `--watch` that of the first pass, and more passes follow. */
export function runCli(argv: readonly string[], io: CliIo): 0 | 1 | 2 {
  try {
    const args = parseCliArgs(argv);
    if (args.help) io.out(HELP);
    else if (args.version) io.out(`${version()}\n`);
    else return run(args, argv, io);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`stmp-gen: ${error.message}\nTry: stmp-gen --help\n`);
      return 2;
    }
    if (error instanceof GenerateError) {
      io.err(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

export function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function run(args: CliArgs, argv: readonly string[], io: CliIo): 0 | 1 {
  if (args.inputs.length === 0) throw new UsageError('name at least one .proto file');
  const options: DiskOptions = { ...args, cwd: io.cwd };
  if (args.watch) return watch(options, io);
  const files = generateFromDisk(options);
  if (args.check) {
    const stale = staleOutput(files, options);
    if (stale.length === 0) return 0;
    const again = argv.filter((arg) => arg !== '--check').join(' ');
    io.err(`${stale.join('\n')}\nTo bring it up to date: stmp-gen ${again}\n`);
    return 1;
  }
  writeOutput(files, options);
  for (const note of notesOn(files, options)) io.err(`${note}\n`);
  return 0;
}

function watch(options: DiskOptions, io: CliIo): 0 | 1 {
  if (io.watch === undefined) throw new UsageError('nothing can be watched here; leave --watch out');
  // Wrong calls end here; what becomes wrong later is only reported.
  const roots = findRoots(options);
  const pass = (): 0 | 1 => {
    const looked = new Set<string>();
    try {
      const files = generateFromDisk(options, looked);
      const written = writeOutput(files, options);
      const said = [...notesOn(files, options), ...written.map((path) => `wrote ${path}`)];
      io.err(said.length > 0 ? `${said.join('\n')}\n` : 'nothing changed\n');
      return 0;
    } catch (error) {
      if (!(error instanceof GenerateError) && !(error instanceof UsageError && again)) throw error;
      io.err(`${error.message}\n`);
      return 1;
    } finally {
      watcher.set(foldersOf(looked, roots));
    }
  };
  let again = false;
  const watcher = io.watch(pass);
  try {
    const code = pass();
    again = true;
    io.err('watching for changes; end with Ctrl+C\n');
    return code;
  } catch (error) {
    watcher.close();
    throw error;
  }
}
