// A folder in which the programs of the pages are checked and run, with the packages as they were built.
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

export interface Outcome {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Project {
  add(file: string, text: string): void;
  /** Checks all TypeScript and turns it into JavaScript. @returns what the compiler found, a line each. */
  compile(): string[];
  run(file: string): Promise<Outcome>;
  remove(): void;
}

export function createProject(): Project {
  if (!existsSync(join(root, 'packages/stmp/dist/node.js'))) throw new Error('build first: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'stmp-docs-'));
  mkdirSync(join(folder, 'src'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(root, 'examples/quick-start/src/generated'), join(folder, 'src/generated'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    strict: true,
    allowJs: true,
    types: ['node'],
    skipLibCheck: true,
    rootDir: 'src',
    outDir: 'out',
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  return {
    add: (file, text) => writeFileSync(join(folder, 'src', file), text),
    compile() {
      const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
        cwd: folder,
        encoding: 'utf8',
      });
      return stdout.split('\n').filter((line) => line !== '');
    },
    run: (file) =>
      new Promise((resolve) => {
        const options = { cwd: join(folder, 'out'), timeout: 120_000 };
        execFile(process.execPath, [file], options, (error, stdout, stderr) =>
          resolve({ status: error === null ? 0 : (error.code ?? error.signal ?? null), stdout, stderr }),
        );
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
