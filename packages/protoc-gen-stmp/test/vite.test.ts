import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stmpGen } from '../src/vite.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stmp-'));
  mkdirSync(join(root, 'proto'));
  write('a.proto', 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }');
  write('b.proto', 'syntax = "proto3"; message B {}');
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(root, 'proto', name), text);
const read = (name: string): string => readFileSync(join(root, 'gen', name), 'utf8');

function start(command: 'build' | 'serve') {
  const plugin = stmpGen({ files: ['proto/a.proto', 'proto/b.proto'], out: 'gen', target: 'js' });
  const said: string[] = [];
  const log = (level: string) => (text: string) => said.push(`${level} ${text}`);
  const watched = new Set<string>();
  const context = {
    addWatchFile: (path: string) => watched.add(relative(root, path)),
    error: (message: string): never => {
      throw new Error(message);
    },
  };
  plugin.configResolved({ root, command, logger: { info: log('info'), warn: log('warn'), error: log('error') } });
  return {
    said: () => said.splice(0),
    watched,
    build: () => plugin.buildStart.call(context),
    change: (name: string) => plugin.watchChange.call(context, join(root, 'proto', name)),
  };
}

describe('the plugin for Vite', () => {
  it('generates before a build, and watches what it read', () => {
    const vite = start('build');
    vite.build();
    expect(vite.said().sort()).toEqual(
      ['a.d.ts', 'a.js', 'b.d.ts', 'b.js'].map((name) => `info stmp-gen: wrote gen/${name}`),
    );
    expect([...vite.watched].sort()).toEqual(['proto/a.proto', 'proto/b.proto']);
    vite.build();
    expect(vite.said()).toEqual([]);
  });

  it('generates again when a file changes, imported ones too', () => {
    const vite = start('serve');
    vite.build();
    vite.said();
    write('b.proto', 'syntax = "proto3"; message B { string name = 1; }');
    vite.change('c.proto');
    expect(vite.said()).toEqual([]);
    vite.change('b.proto');
    expect(vite.said()).toEqual(['info stmp-gen: wrote gen/b.js', 'info stmp-gen: wrote gen/b.d.ts']);
    expect(read('b.js')).toContain("'name'");
  });

  it('ends a build with what is wrong', () => {
    write('b.proto', 'syntax = "proto3";\nmessage B {');
    expect(() => start('build').build()).toThrow("proto/b.proto:2: illegal end of the file, '}' expected");
  });

  it('goes on serving with what was there, and mends it when the fault is gone', () => {
    const vite = start('serve');
    vite.build();
    vite.said();
    const before = read('b.js');
    for (const text of ['syntax = "proto3";\nmessage B {', undefined]) {
      if (text === undefined) rmSync(join(root, 'proto/b.proto'));
      else write('b.proto', text);
      vite.change('b.proto');
      expect(vite.said()).toEqual([
        expect.stringMatching(/^error proto\/b\.proto(:2: illegal|: there is no such file)/),
      ]);
      expect(read('b.js')).toBe(before);
    }
    write('b.proto', 'syntax = "proto3"; message B { bool yes = 1; }');
    vite.change('b.proto');
    expect(read('b.js')).toContain("'yes'");
  });
});
