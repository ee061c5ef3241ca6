import { parseArgs } from 'node:util';
import type { OutputOptions } from './generate.js';
import type { ImportExtension } from './scope.js';

/** A wrong call; the message says how to mend it. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

export interface CliArgs extends OutputOptions {
  readonly inputs: readonly string[];
  readonly out: string;
  readonly protoPath: readonly string[];
  readonly check: boolean;
  readonly watch: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

export const HELP = `stmp-gen: TypeScript for STMP services from .proto files; needs no protoc

Usage: stmp-gen [options] FILE.proto ...

  -o, --out DIR             where the output goes (default: .)
  -I, --proto_path DIR      root of imports, may be given several times
                            (default: the folders of the inputs)
      --target ts|js|cjs    TypeScript, JavaScript with .d.ts files, or CommonJS as
                            .cjs with .d.cts files (default: ts)
      --contract MODULE     where types are imported from: @stmp/contract, or stmp
                            in projects that install only that (default: @stmp/contract)
      --import-extension E  how imports of other generated files end: js, ts or none
                            (default: js)
      --skip-streams        leave streaming methods out; without it they are refused
      --check               write nothing; fail when the output on disk is stale
      --watch               go on, and generate again whenever a .proto changes
  -h, --help                this text
      --version             the version

Each FILE.proto becomes one FILE.ts. Files that are only imported are read, not generated.
Exit code: 0 done, 1 wrong .proto or stale output, 2 wrong call.
`;

export function parseCliArgs(argv: readonly string[]): CliArgs {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        out: { type: 'string', short: 'o', default: '.' },
        proto_path: { type: 'string', short: 'I', multiple: true, default: [] },
        'proto-path': { type: 'string', multiple: true, default: [] },
        target: { type: 'string' },
        contract: { type: 'string' },
        'import-extension': { type: 'string' },
        'skip-streams': { type: 'boolean' },
        check: { type: 'boolean', default: false },
        watch: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
    if (values.check && values.watch) throw new UsageError('--check and --watch exclude each other; leave one out');
    return {
      inputs: positionals,
      out: values.out,
      protoPath: [...values.proto_path, ...values['proto-path']],
      check: values.check,
      watch: values.watch,
      help: values.help,
      version: values.version,
      ...outputOptions({
        target: values.target,
        contract: values.contract,
        importExtension: values['import-extension'],
        skipStreams: values['skip-streams'],
      }),
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type Given = {
  readonly [K in Exclude<keyof OutputOptions, 'skipStreams'>]: string | undefined;
} & Pick<OutputOptions, 'skipStreams'>;

/** Checks options that both programs have. */
export function outputOptions({ target, contract, importExtension, skipStreams }: Given): OutputOptions {
  if (target !== undefined && target !== 'ts' && target !== 'js' && target !== 'cjs') {
    throw new UsageError(`target must be ts, js or cjs, not ${target}`);
  }
  if (importExtension !== undefined && !/^(js|ts|none)$/.test(importExtension)) {
    throw new UsageError(`import extension must be js, ts or none, not ${importExtension}`);
  }
  if (contract !== undefined && !/^[\w@./-]+$/.test(contract)) {
    throw new UsageError(`contract must be the name of a module, not ${contract}`);
  }
  return { target, contract, importExtension: importExtension as ImportExtension | undefined, skipStreams };
}

const PLUGIN_OPTIONS: readonly string[] = ['target', 'contract', 'import-extension', 'skip-streams'];

/** `target=js,contract=stmp`, as protoc and buf hand options to a plugin. */
export function parsePluginParameter(parameter: string): OutputOptions {
  const given = new Map<string, string>();
  for (const part of parameter.split(',').filter((each) => each !== '')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).replaceAll('_', '-');
    if (!PLUGIN_OPTIONS.includes(name)) {
      const [first, ...rest] = PLUGIN_OPTIONS.map((each) => each.replaceAll('-', '_')).reverse();
      throw new UsageError(`unknown option ${name}; there are ${rest.reverse().join(', ')} and ${first}`);
    }
    given.set(name, equals < 0 ? '' : part.slice(equals + 1));
  }
  const skip = given.get('skip-streams');
  if (skip !== undefined && !/^(true|false)?$/.test(skip)) {
    throw new UsageError(`skip_streams must be true or false, not ${skip}`);
  }
  return outputOptions({
    target: given.get('target'),
    contract: given.get('contract'),
    importExtension: given.get('import-extension'),
    skipStreams: skip === undefined ? undefined : skip !== 'false',
  });
}
