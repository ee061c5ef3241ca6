import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateFrom } from './helpers.js';
import { findBuf, PLUGIN } from './programs.js';
import { hasProtoc } from './protoc.js';

const buf = findBuf('the plugin, run by buf');

/** A file of about this many bytes, whose description is about as large. */
function fileOf(bytes: number): string {
  const messages: string[] = [];
  for (let size = 0; size < bytes; ) {
    const i = messages.length;
    const message = `// What number ${i} is for, in a comment that goes into the request.\nmessage M${i} { string a_long_name = 1; repeated M${i} many = 2; map<string, int64> counts = 3; }\n`;
    messages.push(message);
    size += message.length;
  }
  return `syntax = "proto3";\npackage p;\n${messages.join('')}`;
}

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stmp-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const programs: Readonly<Record<string, () => SpawnSyncReturns<string>>> = {
  protoc: () => {
    const args = [`--plugin=protoc-gen-stmp=${PLUGIN}`, `--stmp_out=${dir}/out`, '-I', dir, 'a.proto'];
    return spawnSync('protoc', args, { cwd: dir, encoding: 'utf8' });
  },
  buf: () => {
    writeFileSync(join(dir, 'buf.yaml'), 'version: v2\n');
    const plugins = [{ local: PLUGIN, out: 'out' }];
    writeFileSync(join(dir, 'buf.gen.yaml'), JSON.stringify({ version: 'v2', plugins }));
    return spawnSync(buf ?? '', ['generate'], {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, BUF_CACHE_DIR: join(dir, 'cache') },
    });
  },
};

for (const [program, run] of Object.entries(programs)) {
  describe.skipIf(program === 'protoc' ? !hasProtoc('the plugin, run by protoc') : buf === undefined)(
    `protoc-gen-stmp run by ${program}`,
    () => {
      for (const size of [4_000, 64_000, 80_000, 300_000, 1_000_000]) {
        it(`takes a file of ${size} bytes, whenever it comes`, () => {
          const source = fileOf(size);
          writeFileSync(join(dir, 'a.proto'), source);
          const expected = generateFrom({ 'a.proto': source })[0]?.text;
          for (let i = 0; i < (size < 100_000 ? 5 : 2); i++) {
            rmSync(join(dir, 'out'), { recursive: true, force: true });
            mkdirSync(join(dir, 'out'));
            const { status, stderr } = run();
            expect([status, stderr]).toEqual([0, '']);
            expect(readFileSync(join(dir, 'out/a.ts'), 'utf8') === expected).toBe(true);
          }
        });
      }

      it('reports what is wrong with a .proto', () => {
        writeFileSync(join(dir, 'a.proto'), 'syntax = "proto2";\n');
        const { status, stderr } = run();
        expect(status).not.toBe(0);
        expect(stderr).toContain('a.proto:1: proto2 is not supported; start the file with: syntax = "proto3";');
        expect(existsSync(join(dir, 'out/a.ts'))).toBe(false);
      });
    },
  );
}
