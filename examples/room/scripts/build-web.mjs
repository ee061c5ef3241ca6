// Builds the page into web/dist: one script without eval, the style sheet and the markup.
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** `outdir`: where to. `alias`: other places for packages, such as sources in tests. */
export async function buildWeb({ outdir = at('web/dist'), alias = {} } = {}) {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await build({
    entryPoints: [at('src/web/main.ts')],
    outfile: `${outdir}/main.js`,
    alias,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    // Nothing of Node.js is in it: what needs it is behind a condition that browsers do not set.
    conditions: ['browser'],
    target: ['chrome120', 'firefox121', 'safari17.2'],
    minify: true,
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  await Promise.all(
    ['index.html', 'style.css', 'icon.svg'].map((name) => copyFile(at(`web/${name}`), `${outdir}/${name}`)),
  );
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) await buildWeb();
