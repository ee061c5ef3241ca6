import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build, createLogger, createServer, type Plugin } from 'vite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stmpGen } from '../src/vite.js';
import { path } from './helpers.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stmp-'));
  mkdirSync(join(root, 'proto'));
  write('a.proto', 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }');
  write('b.proto', 'syntax = "proto3"; message B { string before = 1; }');
  writeFileSync(join(root, 'index.html'), '<script type="module" src="/main.js"></script>');
  writeFileSync(join(root, 'main.js'), `import { A } from './gen/a.ts';\nconsole.log(A.fields[0][2]().fields);\n`);
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(root, 'proto', name), text);

/** Text that comes bit by bit. */
function heard() {
  let text = '';
  let wake = (): void => {};
  return {
    hear: (more: string): void => {
      text += more;
      wake();
    },
    /** Waits for text that was not waited for yet. */
    async until(pattern: RegExp): Promise<void> {
      for (;;) {
        const found = pattern.exec(text);
        if (found !== null) {
          text = text.slice(found.index + found[0].length);
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

describe('stmp-gen --watch', () => {
  let child: ChildProcess | undefined;
  afterEach(async () => {
    if (child === undefined || child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  });

  it('sees files on disk change', async () => {
    const args = ['--watch', '-o', 'gen', 'proto/a.proto', 'proto/b.proto'];
    child = spawn(process.execPath, [path('../bin/stmp-gen.js'), ...args], { cwd: root });
    const said = heard();
    child.stderr?.on('data', (text) => said.hear(String(text)));
    await said.until(/watching for changes/);
    write('b.proto', 'syntax = "proto3"; message B { string after = 1; }');
    await said.until(/wrote gen\/b\.ts/);
    expect(readFileSync(join(root, 'gen/b.ts'), 'utf8')).toContain("'after'");
  });
});

describe('the plugin for Vite', () => {
  const plugin = (): Plugin => stmpGen({ files: ['proto/a.proto', 'proto/b.proto'], out: 'gen' });

  it('is all that a build needs', async () => {
    const result = await build({ root, plugins: [plugin()], logLevel: 'silent', build: { write: false } });
    const [output] = Array.isArray(result) ? result : [result];
    const code = 'output' in output! ? output.output.map((each) => ('code' in each ? each.code : '')).join('') : '';
    expect(code).toContain('before');
  });

  it('brings a running server up to date', async () => {
    const said = heard();
    const logger = createLogger('silent');
    logger.info = (text) => said.hear(stripVTControlCharacters(text));
    const server = await createServer({
      root,
      plugins: [plugin()],
      customLogger: logger,
      server: { middlewareMode: true, ws: false },
      optimizeDeps: { noDiscovery: true },
    });
    let change: NodeJS.Timeout | undefined;
    try {
      // Middleware does not start by itself.
      await server.environments.client.pluginContainer.buildStart();
      await said.until(/wrote gen\/b\.ts/);
      expect((await server.transformRequest('/gen/b.ts'))?.code).toContain('before');
      // Vite does not say from when on it sees changes, so there is more than one.
      let changes = 0;
      change = setInterval(() => {
        write('b.proto', `syntax = "proto3"; message B { string after = 1; } // ${++changes}`);
      }, 100);
      await said.until(/wrote gen\/b\.ts/);
      expect(readFileSync(join(root, 'gen/b.ts'), 'utf8')).toContain("'after'");
    } finally {
      clearInterval(change);
      await server.close();
    }
  });
});
