import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles a module as a page would load it, from what the packages publish. */
export async function measure(
  source: string,
): Promise<{ bytes: number; text: string; inputs: Metafile['inputs']; outputs: Metafile['outputs'] }> {
  const result = await build({
    stdin: { contents: source, resolveDir: root, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
  });
  const text = result.outputFiles[0]!.text;
  return {
    bytes: gzipSync(text, { level: 9 }).length,
    text,
    inputs: result.metafile.inputs,
    outputs: result.metafile.outputs,
  };
}
