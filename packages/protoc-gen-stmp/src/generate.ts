import { emitFile, type GeneratedFile, type Target } from './emit.js';
import { link } from './link.js';
import { loadProtos, type ReadSource } from './load.js';
import type { FileModel } from './model.js';
import type { ImportExtension } from './scope.js';

/** How the output is to look. */
export interface OutputOptions {
  /** `ts`; `js` for `.js` with `.d.ts`; `cjs` for CommonJS, `.cjs` with `.d.cts`. Default `ts`. */
  readonly target?: Target | undefined;
  /** The module that types are imported from: `@stmp/contract`, or `stmp` in projects that only install that. Default `@stmp/contract`. */
  readonly contract?: string | undefined;
  /** How imports of other generated files end; of no effect on `cjs`. Default `js`. */
  readonly importExtension?: ImportExtension | undefined;
  /** Leaves streaming methods out, in place of refusing their files. Default false. */
  readonly skipStreams?: boolean | undefined;
}

export interface GenerateOptions extends OutputOptions {
  /** The files to generate, as imports name them. What they import is read, but not generated. */
  readonly files: readonly string[];
  /** Gives the text of a file by its name in an import. The options file and the well-known types need not be there. */
  readonly read: ReadSource;
}

/**
 * Generates code from `.proto` files, without touching the disk.
 * @throws GenerateError with everything that is wrong.
 */
export function generate(options: GenerateOptions): GeneratedFile[] {
  return generateModels(loadProtos(options.files, options.read), options.files, options);
}

/** The part that both programs share. */
export function generateModels(
  files: readonly FileModel[],
  targets: readonly string[],
  { target = 'ts', contract = '@stmp/contract', importExtension = 'js', skipStreams }: OutputOptions,
): GeneratedFile[] {
  const linked = link(files, new Set(targets), { skipStreams });
  return linked.targets.flatMap((file) => emitFile(file, linked, { target, contract, importExtension }));
}
