// Removes everything that `npm run build` makes. tsc keeps the outputs of deleted sources: run it before packing.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

for (const group of ['packages', 'examples']) {
  const folder = fileURLToPath(new URL(`../${group}/`, import.meta.url));
  for (const name of readdirSync(folder)) rmSync(`${folder}${name}/dist`, { recursive: true, force: true });
}
