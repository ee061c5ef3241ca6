import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliIo, runCli } from '../src/cli.js';
import { path } from './helpers.js';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'stmp-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), text);
};
const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

function run(...args: string[]): { code: number; out: string; err: string } {
  let [out, err] = ['', ''];
  const code = runCli(args, { cwd, out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}
const quiet = { code: 0, out: '', err: '' };

const HELLO = 'syntax = "proto3"; package a; message Hello { string name = 1; }';
const USER = 'syntax = "proto3"; package b; import "hello.proto"; message User { a.Hello hello = 1; }';

describe('stmp-gen', () => {
  it('writes beside the root of imports by default', () => {
    write('proto/hello.proto', HELLO);
    expect(run('proto/hello.proto')).toEqual(quiet);
    expect(read('hello.ts')).toContain('export interface Hello {');
  });

  it('keeps folders below the root of imports', () => {
    write('proto/x/y/hello.proto', HELLO);
    expect(run('-I', 'proto', '--out=gen', 'proto/x/y/hello.proto')).toEqual(quiet);
    expect(read('gen/x/y/hello.ts')).toContain('from x/y/hello.proto.');
  });

  it('writes JavaScript with declarations', () => {
    write('hello.proto', HELLO);
    expect(run('--target', 'js', '--contract', 'stmp', 'hello.proto')).toEqual(quiet);
    expect(read('hello.js')).toContain('export const Hello = {');
    expect(read('hello.d.ts')).toContain(
      "import type { MessageType } from 'stmp' with { 'resolution-mode': 'import' };",
    );
  });

  it('finds inputs by their names in imports, as protoc does', () => {
    write('proto/hello.proto', HELLO);
    expect(run('-Iproto', '-o', 'gen', 'hello.proto')).toEqual(quiet);
    expect(read('gen/hello.ts')).toContain('Hello');
  });

  it('names inputs the same in any order', () => {
    write('proto/hello.proto', HELLO);
    write('proto/sub/user.proto', USER);
    for (const args of [
      ['proto/hello.proto', 'proto/sub/user.proto'],
      ['proto/sub/user.proto', 'proto/hello.proto'],
    ]) {
      expect(run('-o', 'gen', ...args)).toEqual(quiet);
      expect(read('gen/sub/user.ts')).toContain("from '../hello.js';");
      rmSync(join(cwd, 'gen'), { recursive: true });
    }
  });

  it('takes several roots and several inputs', () => {
    write('a/hello.proto', HELLO);
    write('b/user.proto', USER);
    expect(run('-o', 'gen', '--import-extension', 'ts', 'a/hello.proto', 'b/user.proto')).toEqual(quiet);
    expect(read('gen/user.ts')).toContain("import { Hello, type HelloInit } from './hello.ts';");
  });

  it('notes an import that was not generated', () => {
    write('hello.proto', HELLO);
    write('user.proto', USER);
    const err = 'note: hello.proto is imported but was not generated; name it among the inputs\n';
    expect(run('user.proto')).toEqual({ code: 0, out: '', err });
    expect(run('hello.proto')).toEqual(quiet);
    expect(run('user.proto')).toEqual(quiet);
  });

  it('leaves out what streams, and says so', () => {
    const service = 'service S { rpc Up(stream Hello) returns (Hello); rpc Plain(Hello) returns (Hello); }';
    write('hello.proto', `${HELLO} ${service}`);
    expect(run('hello.proto').code).toBe(1);
    expect(run('--skip-streams', 'hello.proto')).toEqual({
      code: 0,
      out: '',
      err: 'note: a.S.Up streams, and was left out\n',
    });
    expect(read('hello.ts')).toContain("name: 'Plain'");
    expect(run('--skip-streams', '--check', 'hello.proto').code).toBe(0);
  });

  it('leaves files alone that do not change', () => {
    write('hello.proto', HELLO);
    run('hello.proto');
    utimesSync(join(cwd, 'hello.ts'), 1, 1);
    expect(run('hello.proto')).toEqual(quiet);
    expect(statSync(join(cwd, 'hello.ts')).mtimeMs).toBe(1000);
  });

  it('checks what is there, and writes nothing', () => {
    write('hello.proto', HELLO);
    const args = ['-o', 'gen', '--check', 'hello.proto'];
    const hint = 'To bring it up to date: stmp-gen -o gen hello.proto\n';
    expect(run(...args)).toEqual({ code: 1, out: '', err: `gen/hello.ts: is missing\n${hint}` });
    run('-o', 'gen', 'hello.proto');
    expect(run(...args)).toEqual(quiet);
    write('gen/hello.ts', read('gen/hello.ts').replaceAll('\n', '\r\n'));
    expect(run(...args)).toEqual(quiet);
    write('gen/hello.ts', `${read('gen/hello.ts')} `);
    const before = read('gen/hello.ts');
    expect(run(...args)).toEqual({ code: 1, out: '', err: `gen/hello.ts: is stale\n${hint}` });
    expect(read('gen/hello.ts')).toBe(before);
  });

  it('says where a .proto is wrong, and writes nothing', () => {
    write('proto/hello.proto', HELLO);
    write('proto/bad.proto', 'syntax = "proto3";\nmessage A {\n  B b = 1;\n}\n');
    const { code, err } = run('-o', 'gen', 'proto/hello.proto', 'proto/bad.proto');
    expect(code).toBe(1);
    expect(err).toBe('proto/bad.proto:3: there is no message or enum named B; check the spelling and the imports\n');
    expect(() => read('gen/hello.ts')).toThrow('ENOENT');
  });

  it('prefers an options file that is there to its own', () => {
    write('stmp.proto', 'syntax = "proto3"; package stmp;\nmessage Broken {');
    write('hello.proto', `${HELLO} import "stmp.proto";`);
    expect(run('hello.proto').err).toMatch(/^stmp\.proto:2: /);
    write('stmp.proto', readFileSync(path('../proto/stmp.proto'), 'utf8'));
    expect(run('hello.proto')).toEqual(quiet);
  });

  it('has help and a version', () => {
    expect(run('--help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('--proto_path') as string });
    const { version } = JSON.parse(readFileSync(path('../package.json'), 'utf8')) as { version: string };
    expect(run('--version')).toEqual({ code: 0, err: '', out: `${version}\n` });
  });

  for (const [args, message] of [
    [[], 'name at least one .proto file'],
    [['none.proto'], 'none.proto: there is no such file'],
    [['-I', 'none', 'hello.proto'], '--proto_path none: there is no such folder'],
    [['-I', 'sub', 'hello.proto'], 'hello.proto is under no --proto_path; add --proto_path .'],
    [
      ['sub/hello.proto', 'other/hello.proto'],
      'other/hello.proto and sub/hello.proto are both "hello.proto"; set --proto_path to a folder above them',
    ],
    [['--target', 'go', 'hello.proto'], 'target must be ts, js or cjs, not go'],
    [['--import-extension', 'mjs', 'hello.proto'], 'import extension must be js, ts or none, not mjs'],
    [['--watch', '--check', 'hello.proto'], '--check and --watch exclude each other; leave one out'],
    [['--watch', 'hello.proto'], 'nothing can be watched here; leave --watch out'],
    [['--speed'], /^Unknown option '--speed'/],
    [['--out'], /^Option '-o, --out <value>' argument missing/],
  ] as const) {
    it(`refuses ${JSON.stringify(args)}`, () => {
      write('hello.proto', HELLO);
      write('sub/hello.proto', HELLO);
      write('other/hello.proto', HELLO);
      const { code, out, err } = run(...args);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/\nTry: stmp-gen --help\n$/);
      const said = err.slice('stmp-gen: '.length, err.indexOf('\nTry:'));
      if (typeof message === 'string') expect(said).toBe(message);
      else expect(said).toMatch(message);
    });
  }
});

describe('stmp-gen --watch', () => {
  /** A watcher whose changes are told by hand. */
  function watching(...args: string[]) {
    const said: string[] = [];
    let folders: string[] = [];
    let closed = false;
    let onChange = (): void => {};
    const io: CliIo = {
      cwd,
      out: () => {},
      err: (text) => said.push(text),
      watch: (change) => {
        onChange = change;
        return {
          set: (next) => {
            folders = [...next].map((folder) => relative(cwd, folder)).sort();
          },
          close: () => {
            closed = true;
          },
        };
      },
    };
    const code = runCli(['--watch', ...args], io);
    return {
      code,
      folders: () => folders,
      isClosed: () => closed,
      said: () => said.splice(0).join(''),
      change: () => onChange(),
    };
  }

  it('generates again whenever a file changes, also after a fault', () => {
    write('proto/hello.proto', HELLO);
    const run = watching('-o', 'gen', 'proto/hello.proto');
    expect([run.code, run.said()]).toEqual([0, 'wrote gen/hello.ts\nwatching for changes; end with Ctrl+C\n']);
    expect(run.folders()).toEqual(['proto']);
    write('proto/hello.proto', `${HELLO} message Bye {}`);
    run.change();
    expect(run.said()).toBe('wrote gen/hello.ts\n');
    expect(read('gen/hello.ts')).toContain('Bye');
    run.change();
    expect(run.said()).toBe('nothing changed\n');
    write('proto/hello.proto', `${HELLO}\nmessage Bye {`);
    run.change();
    expect(run.said()).toBe("proto/hello.proto:2: illegal end of the file, '}' expected\n");
    rmSync(join(cwd, 'proto/hello.proto'));
    run.change();
    expect(run.said()).toBe('proto/hello.proto: there is no such file\n');
    expect(run.folders()).toEqual(['proto']);
    write('proto/hello.proto', HELLO);
    run.change();
    expect(run.said()).toBe('wrote gen/hello.ts\n');
    expect(run.isClosed()).toBe(false);
  });

  it('watches what is imported, and where it is missing', () => {
    write('a/user.proto', USER.replace('hello.proto', 'sub/hello.proto'));
    const run = watching('-I', 'a', '-I', '.', '-o', 'gen', 'a/user.proto');
    expect(run.code).toBe(1);
    expect(run.said()).toMatch(/^a\/user\.proto:1: cannot find the import "sub\/hello\.proto"/);
    expect(run.folders()).toEqual(['', 'a', 'a/sub', 'sub']);
    write('sub/hello.proto', HELLO);
    run.change();
    expect(run.said()).toBe(
      'note: sub/hello.proto is imported but was not generated; name it among the inputs\nwrote gen/user.ts\n',
    );
  });

  it('ends with a wrong call', () => {
    const run = watching('none.proto');
    expect([run.code, run.isClosed()]).toEqual([2, true]);
  });
});
