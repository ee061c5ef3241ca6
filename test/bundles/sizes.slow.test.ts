import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ENTRIES } from './entries.js';
import { measure } from './measure.js';
import { partTable, section, sizeTable } from './page.js';
import { partsOf } from './parts.js';

const table = fileURLToPath(new URL('sizes.json', import.meta.url));
const committed = JSON.parse(readFileSync(table, 'utf8')) as Record<string, number>;
const page = fileURLToPath(new URL('../../docs/bundle-size.md', import.meta.url));
// STMP_WRITE_SIZES=1 writes the table anew, and those in the page.
const write = process.env.STMP_WRITE_SIZES === '1';

describe('bundle sizes (bytes, minified, gzip -9)', () => {
  for (const [name, { source, targetBytes }] of Object.entries(ENTRIES)) {
    it(`${name}: within 1 % of the table`, async () => {
      const { bytes, text, inputs } = await measure(source);
      if (write) committed[name] = bytes;
      expect(
        Math.abs(bytes - (committed[name] ?? 0)) / bytes,
        `${name} is ${bytes} bytes, the table says ${committed[name]}`,
      ).toBeLessThanOrEqual(0.01);
      if (bytes > targetBytes)
        console.warn(`${name}: ${bytes} bytes, ${bytes - targetBytes} above the target of ${targetBytes}`);
      // Nothing of Node.js, no polyfill, no code from strings.
      expect(Object.keys(inputs).filter((input) => /node_modules\/ws\/|link-duplex|\/node\//.test(input))).toEqual([]);
      expect(text).not.toMatch(/\bnew Function\b|\beval\(/);
      expect(text).not.toMatch(/from"node:|require\("node:/);
    });
  }

  it('are written down', async () => {
    if (write) {
      const sizes = Object.fromEntries(Object.keys(ENTRIES).map((name) => [name, committed[name]]));
      writeFileSync(table, `${JSON.stringify(sizes, null, 2)}\n`);
      const parts: Record<string, Awaited<ReturnType<typeof partsOf>>> = {};
      for (const [name, { source }] of Object.entries(ENTRIES)) parts[name] = await partsOf(source);
      const text = section(readFileSync(page, 'utf8'), 'sizes', sizeTable(committed));
      writeFileSync(page, section(text, 'parts', partTable(parts)));
    }
    expect(Object.keys(committed).sort()).toEqual(Object.keys(ENTRIES).sort());
    expect(section(readFileSync(page, 'utf8'), 'sizes')).toBe(sizeTable(committed));
  });
});
