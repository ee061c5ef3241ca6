import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { path } from './helpers.js';

const modules = path('../../../node_modules');
let dir = '';

/** A program that uses the code; each `@ts-expect-error` is an error that must be there. */
const USE = `
import { actionOf, type InputInitOf, type MessageInitOf, type MessageOf, type OutputOf } from '@stmp/contract';
import { type Choices, type ChoicesInit, CartEvents, CartService, Level, Lists, type NamesInit, Nothing, type Optionals, type Scalars, type ScalarsInit, type WellKnown } from './CODE/wide.js';
import { Money } from './CODE/common/all.js';

type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <T extends true>(value: T): T => value;

const add = CartService.methods.add;
export const input: InputInitOf<typeof add> = { price: { currency: 'EUR', cents: 5 }, parts: [{}, { code: 'x' }] };
export const output = (result: OutputOf<typeof add>): bigint | undefined => result.price?.cents;
yes<Is<OutputOf<(typeof CartService.methods)['clear']>, void>>(true);
yes<Is<InputInitOf<(typeof CartService.methods)['now']>, void>>(true);
yes<Is<OutputOf<(typeof CartService.methods)['length']>, bigint>>(true);
yes<Is<MessageOf<typeof Lists>['longs'], bigint[]>>(true);
yes<Is<MessageInitOf<typeof Money>['cents'], bigint | number | undefined>>(true);
yes<Is<Scalars['anInt64'], bigint>>(true);
yes<Is<Optionals['text'], string | undefined>>(true);
yes<Is<WellKnown['anInt64'], bigint | undefined>>(true);
yes<Is<(typeof CartService)['kind'], 'service' | 'both'>>(true);
yes<Is<(typeof CartEvents)['kind'], 'events' | 'both'>>(true);
export const level: Level = Level.HIGH;
export const unknown: Level = 77;
export const named: NamesInit = { 'the-name': 'x', constructor: 'y' };
export const nothing: MessageInitOf<typeof Nothing> = {};
export const some: ScalarsInit = { aUint64: 1, anInt64: 2n, aBytes: new Uint8Array(1) };
export const choice: ChoicesInit = { firstChoice: { case: 'long', value: 1 } };
export function text(choices: Choices): string {
  const pick = choices.firstChoice;
  return pick?.case === 'someText' ? pick.value : pick?.case === 'at' ? String(pick.value.seconds) : '';
}
export const action: number = actionOf(CartService.typeName, 'Add');

// @ts-expect-error no such field
export const a: ScalarsInit = { aUint65: 1 };
// @ts-expect-error no such field
export const b: MessageInitOf<typeof Nothing> = { any: 1 };
// @ts-expect-error a string is no number
export const c: ScalarsInit = { aDouble: '1' };
// @ts-expect-error every field is there when received
export const d: Scalars = { aDouble: 1 };
// @ts-expect-error case and value do not match
export const e: ChoicesInit = { firstChoice: { case: 'long', value: 'x' } };
// @ts-expect-error no such method
export const f = CartService.methods.remove;
`;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'stmp-'));
  for (const target of ['ts', 'js', 'cjs']) {
    cpSync(path(`generated/${target}`), join(dir, target), { recursive: true });
    const use = USE.replaceAll('CODE', target);
    writeFileSync(join(dir, `use-${target}.ts`), target === 'cjs' ? use.replaceAll(".js'", ".cjs'") : use);
  }
  // The same in a package of CommonJS.
  mkdirSync(join(dir, 'old'));
  writeFileSync(join(dir, 'old/package.json'), '{"type":"commonjs"}');
  for (const target of ['ts', 'cjs']) cpSync(join(dir, target), join(dir, 'old', target), { recursive: true });
  for (const target of ['ts', 'cjs']) {
    const use = readFileSync(join(dir, `use-${target}.ts`), 'utf8')
      .replace("from '@stmp/contract';", "from '@stmp/contract' with { 'resolution-mode': 'import' };")
      .replace('import { actionOf, type InputInitOf, type', 'import type { InputInitOf,')
      .replace('type MessageOf, type OutputOf', 'MessageOf, OutputOf')
      .replace(/^export const action: .*$/m, '');
    writeFileSync(join(dir, `old/use-${target}.ts`), use);
  }
  cpSync(path('../../contract/src'), join(dir, 'contract'), { recursive: true });
  cpSync(path('../../../types/portable.d.ts'), join(dir, 'portable.d.ts'));
  mkdirSync(join(dir, 'node_modules/@stmp/contract'), { recursive: true });
  const contract = {
    name: '@stmp/contract',
    type: 'module',
    exports: '../../../contract/index.ts',
    types: '../../../contract/index.ts',
  };
  writeFileSync(join(dir, 'node_modules/@stmp/contract/package.json'), JSON.stringify(contract));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ type: 'module' }));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('generated code under the compiler', () => {
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    declaration: true,
    noEmit: true,
    types: [],
  };
  const native = join(modules, '@typescript/native/bin/tsc');
  const old = join(modules, '@bufbuild/protoplugin/node_modules/typescript/lib/tsc.js');
  if (!existsSync(old)) console.warn('SKIPPED: no TypeScript 5.4 here, so the output is not compiled with it');
  const generated = ['ts/wide.ts', 'ts/clash.ts', 'js/wide.d.ts', 'js/clash.d.ts'];
  const uses = ['use-ts.ts', 'use-js.ts', 'use-cjs.ts'];
  const usesInCommonJs = ['old/use-ts.ts', 'old/use-cjs.ts'];
  const node16 = { target: 'es2022', module: 'node16', lib: ['es2022', 'dom'] };
  const ours = {
    isolatedDeclarations: true,
    stripInternal: true,
    erasableSyntaxOnly: true,
    target: 'es2023',
    module: 'nodenext',
  };
  const bundler = { target: 'es2020', module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'] };
  const settings = [
    [
      'TypeScript 7, as in this repository',
      native,
      { ...strict, ...ours, lib: ['es2023'] },
      [...generated, 'portable.d.ts'],
    ],
    ['TypeScript 7, for a bundler', native, { ...strict, ...bundler }, uses],
    [
      'TypeScript 5.4, nodenext',
      old,
      { ...strict, target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom'] },
      uses,
    ],
    // verbatimModuleSyntax allows no `export` in CommonJS.
    [
      'TypeScript 7, CommonJS under node16',
      native,
      { ...strict, ...node16, verbatimModuleSyntax: false },
      usesInCommonJs,
    ],
    [
      'TypeScript 5.4, CommonJS under node16',
      old,
      { ...strict, ...node16, verbatimModuleSyntax: false },
      usesInCommonJs,
    ],
    [
      'TypeScript 5.4, CommonJS under nodenext',
      old,
      { ...strict, ...node16, module: 'nodenext', verbatimModuleSyntax: false },
      usesInCommonJs,
    ],
  ] as const;

  settings.forEach(([name, compiler, compilerOptions, files], i) => {
    it.skipIf(!existsSync(compiler)).concurrent(name, async ({ expect }) => {
      const config = `tsconfig.${i}.json`;
      const paths = { '@stmp/contract': ['./contract/index.ts'] };
      writeFileSync(join(dir, config), JSON.stringify({ compilerOptions: { ...compilerOptions, paths }, files }));
      const said = await new Promise<string>((resolve) => {
        execFile(process.execPath, [compiler, '-p', config], { cwd: dir }, (error, stdout) =>
          resolve(error ? stdout || error.message : ''),
        );
      });
      expect(said).toBe('');
    });
  });
});

describe('generated code at run time', () => {
  it('needs neither eval nor any package', () => {
    const program = `
      const wide = await import('./js/wide.js');
      const clash = await import('./js/clash.js');
      const money = await import('./js/common/all.js');
      const [, , type] = wide.Tree.fields[4];
      console.log(JSON.stringify({
        leaf: type().typeName,
        recursive: type().fields[0][2]() === wide.Tree,
        other: wide.Uses.fields[0][2]() === money.Money,
        huge: String(wide.HugeService.methods.one.action),
        empty: wide.CartService.methods.clear.output,
        proto: Object.keys(clash.class_default),
      }));`;
    const alone = mkdtempSync(join(tmpdir(), 'stmp-'));
    try {
      cpSync(path('generated/js'), join(alone, 'js'), { recursive: true });
      writeFileSync(join(alone, 'package.json'), '{"type":"module"}');
      const args = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
      expect(JSON.parse(execFileSync(process.execPath, args, { cwd: alone, encoding: 'utf8' }))).toEqual({
        leaf: 'shop.v1.Tree.Leaf',
        recursive: true,
        other: true,
        huge: String(0xfedcba98765432ffn),
        empty: { typeName: 'google.protobuf.Empty', fields: [] },
        proto: ['zero', '__proto__'],
      });
    } finally {
      rmSync(alone, { recursive: true });
    }
  });

  it('is the same in CommonJS, required or imported', () => {
    const program = `
      const wide = require('./cjs/wide.cjs');
      const all = require('./cjs/common/all.cjs');
      const clash = require('./cjs/clash.cjs');
      import('./use.mjs').then(({ Money, Uses, all: imported }) => {
        console.log(JSON.stringify({
          other: wide.Uses.fields[0][2]() === all.Money && Money === all.Money && Uses === wide.Uses,
          names: Object.keys(imported).filter((name) => !/^(default|module.exports|__esModule)$/.test(name)).sort(),
          required: Object.keys(all).sort(),
          local: Object.keys(wide).filter((name) => /^google/.test(name)),
          proto: Object.keys(clash.class_default),
        }));
      });`;
    const alone = mkdtempSync(join(tmpdir(), 'stmp-'));
    try {
      cpSync(path('generated/cjs'), join(alone, 'cjs'), { recursive: true });
      writeFileSync(
        join(alone, 'use.mjs'),
        `export { Money } from './cjs/common/all.cjs'; export { Uses } from './cjs/wide.cjs'; export * as all from './cjs/common/all.cjs';`,
      );
      writeFileSync(join(alone, 'run.cjs'), program);
      const said = JSON.parse(execFileSync(process.execPath, ['run.cjs'], { cwd: alone, encoding: 'utf8' })) as {
        names: string[];
        required: string[];
      };
      expect(said).toMatchObject({ other: true, local: [], proto: ['zero', '__proto__'] });
      expect(said.names).toEqual(said.required);
      expect(said.names).toContain('Money');
    } finally {
      rmSync(alone, { recursive: true });
    }
  });

  const bundle = async (code: string): Promise<string> => {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: path('generated/ts') },
      bundle: true,
      write: false,
      format: 'esm',
      minify: true,
      logLevel: 'silent',
    });
    return outputFiles[0]?.text ?? '';
  };

  it('leaves nothing behind when nothing is used', async () => {
    expect(await bundle("import * as wide from './wide.ts'; import * as clash from './clash.ts';")).toBe('');
  });

  it('keeps of a file what is used', async () => {
    const text = await bundle("import { CartEvents } from './wide.ts'; console.log(CartEvents);");
    const names = [...text.matchAll(/typeName:"([\w.]+)"/g)].map((match) => match[1]);
    expect(names.sort()).toEqual([
      'google.protobuf.Empty',
      'shop.common.Item',
      'shop.common.Money',
      'shop.v1.CartEvents',
      'shop.v1.Item',
    ]);
    expect(text.length).toBeLessThan(700);
  });
});

describe('the programs', () => {
  it('stmp-gen runs', () => {
    const { status, stdout } = spawnSync(process.execPath, [path('../bin/stmp-gen.js'), '--version'], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  });

  it('stmp-gen reports a wrong call by its exit code', () => {
    const { status, stderr } = spawnSync(process.execPath, [path('../bin/stmp-gen.js')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, 'stmp-gen: name at least one .proto file\nTry: stmp-gen --help\n']);
  });

  it('protoc-gen-stmp answers an empty request, and explains itself to people', () => {
    const plugin = path('../bin/protoc-gen-stmp.js');
    // supported_features = 1
    expect([...spawnSync(process.execPath, [plugin], { input: '' }).stdout]).toEqual([0x10, 1]);
    const { status, stderr } = spawnSync(process.execPath, [plugin, 'a.proto'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('protoc --stmp_out=DIR FILE.proto');
  });
});
