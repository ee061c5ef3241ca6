// Writes the repository's address into what is published: manifests, and links of READMEs, which work on npm then.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';

const { packages } = createRequire(import.meta.url)('../workspace.cjs');

/** A README with its links to files of the repository made absolute. */
export function absoluteLinks(markdown, folder, repository, version) {
  return markdown.replace(/(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_, image, label, target) => {
    const path = posix.normalize(posix.join('packages', folder, target));
    return `${image}[${label}](${repository}/${image ? 'raw' : 'blob'}/v${version}/${path})`;
  });
}

export function stamp(root, repository) {
  for (const { folder, manifest } of packages(root)) {
    const at = join(root, 'packages', folder);
    const stamped = {
      ...manifest,
      homepage: `${repository}/tree/main/packages/${folder}#readme`,
      bugs: `${repository}/issues`,
      repository: { type: 'git', url: `git+${repository}.git`, directory: `packages/${folder}` },
    };
    writeFileSync(join(at, 'package.json'), `${JSON.stringify(stamped, undefined, 2)}\n`);
    const readme = join(at, 'README.md');
    writeFileSync(readme, absoluteLinks(readFileSync(readme, 'utf8'), folder, repository, manifest.version));
  }
}
