import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { CASES, text } from './helpers.js';
import { ask, recorded } from './recorded.js';

describe('protoc-gen-stmp on recorded descriptors', () => {
  for (const target of ['ts', 'js', 'cjs']) {
    it(`gives the same ${target} files as stmp-gen`, () => {
      const { file, error } = ask(recorded, CASES, `target=${target}`);
      expect(error).toBe('');
      expect(file).toHaveLength(target === 'ts' ? 4 : 8);
      for (const { name, content } of file) expect(content).toBe(text(`generated/${target}/${name}`));
    });
  }

  it('generates only what it is asked for', () => {
    expect(ask(recorded, ['common/money.proto']).file.map(({ name }) => name)).toEqual(['common/money.ts']);
  });

  it('takes its options from the parameter', () => {
    const { file } = ask(recorded, ['wide.proto'], 'contract=stmp,import_extension=none');
    expect(file[0]?.content).toContain("} from 'stmp' with { 'resolution-mode': 'import' };");
    expect(file[0]?.content).toContain("from './common/money';");
  });

  for (const [parameter, message] of [
    ['speed=high', 'unknown option speed; there are target, contract, import_extension and skip_streams'],
    ['skip_streams=no', 'skip_streams must be true or false, not no'],
    ['target=go', 'target must be ts, js or cjs, not go'],
    ['import_extension=mjs', 'import extension must be js, ts or none, not mjs'],
    ["contract=a'b", "contract must be the name of a module, not a'b"],
  ] as const) {
    it(`answers ${parameter} with an error`, () => expect(ask(recorded, CASES, parameter).error).toBe(message));
  }

  it('declares that it knows optional fields', () => {
    expect(ask(recorded, []).supportedFeatures).toBe(1n);
  });

  it('gets on without positions and comments', () => {
    const bare = recorded.map((file) => ({ ...file, sourceCodeInfo: undefined }) as FileDescriptorProto);
    const { file, error } = ask(bare, ['common/money.proto']);
    expect(error).toBe('');
    expect(file[0]?.content).toBe(
      text('generated/ts/common/money.ts').replaceAll(/^ *\/\*\* (?!What|A number).*\n/gm, ''),
    );
  });
});
