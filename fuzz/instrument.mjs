// A copy of the built packages, in a folder of its own, that counts the branches it takes.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { createInstrumenter } from 'istanbul-lib-instrument';
import { VARIABLE } from './coverage.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = [
  'contract',
  'packet',
  'engine',
  'kcp',
  'compression-gzip',
  'payload-schema',
  'payload-json',
  'payload-msgpack',
  'payload-protobuf',
];
/** Used as they are. */
const FOREIGN = ['protobufjs', '@msgpack/msgpack'];

/** @returns the folder; whoever asked for it removes it. */
export function instrumentedCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'stmp-fuzz-'));
  const instrumenter = createInstrumenter({ esModules: true, compact: true, coverageVariable: VARIABLE });
  const instrument = (from, to, name) => {
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, instrumenter.instrumentSync(readFileSync(from, 'utf8'), name));
  };
  for (const name of PACKAGES) {
    const from = join(ROOT, 'packages', name);
    const to = join(folder, 'node_modules', '@stmp', name);
    if (!existsSync(join(from, 'dist'))) throw new Error(`packages/${name} is not built: npm run build`);
    mkdirSync(to, { recursive: true });
    cpSync(join(from, 'package.json'), join(to, 'package.json'));
    for (const file of readdirSync(join(from, 'dist'), { recursive: true })) {
      if (file.endsWith('.js')) instrument(join(from, 'dist', file), join(to, 'dist', file), `${name}/${file}`);
    }
  }
  for (const name of FOREIGN) {
    const to = join(folder, 'node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), to);
  }
  // The inflater of gzip is pako's.
  const pako = join(folder, 'node_modules', 'pako');
  instrument(join(ROOT, 'node_modules', 'pako', 'dist', 'pako.mjs'), join(pako, 'pako.mjs'), 'pako.mjs');
  writeFileSync(join(pako, 'package.json'), JSON.stringify({ name: 'pako', type: 'module', exports: './pako.mjs' }));
  // Message types that the tests of all payload packages share.
  const types = readFileSync(join(ROOT, 'packages', 'payload-schema', 'test', 'types.ts'), 'utf8');
  writeFileSync(join(folder, 'types.mjs'), transformSync(types, { loader: 'ts', format: 'esm' }).code);
  return folder;
}
