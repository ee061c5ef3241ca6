import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type DiskOptions, generateFromDisk, notesOn, writeOutput } from './disk.js';
import type { OutputOptions } from './generate.js';

/** What to generate; paths are relative to Vite's root. */
export interface StmpGenOptions extends OutputOptions {
  /** The `.proto` files. */
  readonly files: readonly string[];
  /** Where the output goes. */
  readonly out: string;
  /** Roots of imports. Default: the folders of the files. */
  readonly protoPath?: readonly string[] | undefined;
}

/** What Vite calls; as far as it is used here, so that no version of Vite has to be installed. */
export interface StmpGenPlugin {
  readonly name: string;
  readonly enforce: 'pre';
  configResolved(config: ViteConfig): void;
  buildStart(this: ViteContext): void;
  watchChange(this: Pick<ViteContext, 'addWatchFile'>, path: string): void;
}

/** What of Vite's configuration is used. */
export interface ViteConfig {
  readonly root: string;
  readonly command: 'build' | 'serve';
  readonly logger: { info(text: string): void; warn(text: string): void; error(text: string): void };
}

/** What of the context of a hook is used. */
export interface ViteContext {
  addWatchFile(path: string): void;
  error(message: string): never;
}

/**
 * A plugin for Vite that generates before a build, and again whenever a `.proto` changes. A fault in one ends a build;
 * a server for development reports it and goes on with what was generated before.
 */
export function stmpGen({ files, out, protoPath = [], ...output }: StmpGenOptions): StmpGenPlugin {
  let config: ViteConfig | undefined;
  let looked = new Set<string>();

  /** @returns what is wrong. */
  const pass = (context: Pick<ViteContext, 'addWatchFile'>): string | undefined => {
    const options: DiskOptions = { ...output, cwd: config?.root ?? process.cwd(), inputs: files, protoPath, out };
    looked = new Set();
    try {
      const generated = generateFromDisk(options, looked);
      for (const path of writeOutput(generated, options)) config?.logger.info(`stmp-gen: wrote ${path}`);
      for (const note of notesOn(generated, options)) config?.logger.warn(`stmp-gen: ${note}`);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      for (const path of looked) if (existsSync(path)) context.addWatchFile(path);
    }
  };

  return {
    name: 'stmp-gen',
    enforce: 'pre',
    configResolved(resolved) {
      config = resolved;
    },
    buildStart() {
      const problem = pass(this);
      if (problem === undefined) return;
      if (config?.command === 'serve') config.logger.error(problem);
      else this.error(problem);
    },
    watchChange(path) {
      // Vite writes paths with / on every platform.
      if (!looked.has(resolve(path))) return;
      const problem = pass(this);
      if (problem !== undefined) config?.logger.error(problem);
    },
  };
}
