// Inputs that reached something new, one a line in base64; one file for each target.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** So that all of it stays small in the repository. */
const MAX_FILE_BYTES = 120_000;

const file = (name) => new URL(`./corpus/${name}.txt`, import.meta.url);

export function readCorpus(name) {
  if (!existsSync(file(name))) return [];
  const lines = readFileSync(file(name), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}

/** Writes what fits, in the order given. @returns how many. */
export function writeCorpus(name, inputs) {
  const lines = [];
  let bytes = 0;
  for (const input of inputs) {
    const line = Buffer.from(input).toString('base64');
    bytes += line.length + 1;
    if (bytes > MAX_FILE_BYTES) break;
    lines.push(`${line}\n`);
  }
  writeFileSync(file(name), lines.join(''));
  return lines.length;
}
