import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponseSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { runPlugin } from '../src/plugin.js';
import { CASES, generateFrom, path, problemsOf, proto, text } from './helpers.js';

/**
 * What protoc says of the cases:
 * `protoc -I test/proto -I proto --include_imports --include_source_info -o test/fixtures/cases.binpb CASES`.
 */
const recorded = fromBinary(FileDescriptorSetSchema, readFileSync(path('fixtures/cases.binpb'))).file;

const protoc = spawnSync('protoc', ['--version'], { encoding: 'utf8' });
const hasProtoc = protoc.status === 0;
if (!hasProtoc) console.warn('SKIPPED: no protoc here, so the plugin is only run on recorded descriptors');

function ask(
  protoFile: FileDescriptorProto[],
  fileToGenerate: readonly string[],
  parameter = '',
): CodeGeneratorResponse {
  const request = create(CodeGeneratorRequestSchema, { protoFile, fileToGenerate: [...fileToGenerate], parameter });
  return fromBinary(CodeGeneratorResponseSchema, runPlugin(toBinary(CodeGeneratorRequestSchema, request)));
}

describe('protoc-gen-stmp on recorded descriptors', () => {
  for (const target of ['ts', 'js']) {
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
    expect(file[0]?.content).toContain("} from 'stmp';");
    expect(file[0]?.content).toContain("from './common/money';");
  });

  for (const [parameter, message] of [
    ['speed=high', 'unknown option speed; there are target, contract and import_extension'],
    ['target=go', 'target must be ts or js, not go'],
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

describe.skipIf(!hasProtoc)('protoc-gen-stmp with protoc', () => {
  const describeFiles = (sources: Record<string, string>): CodeGeneratorRequest => {
    const dir = mkdtempSync(join(tmpdir(), 'stmp-'));
    try {
      for (const [name, source] of Object.entries(sources)) writeFileSync(join(dir, name), source);
      const args = [
        '-I',
        dir,
        '-I',
        path('../proto'),
        '--include_imports',
        '--include_source_info',
        '-o',
        join(dir, 'out'),
      ];
      execFileSync('protoc', [...args, ...Object.keys(sources)], { stdio: ['ignore', 'pipe', 'ignore'] });
      const protoFile = fromBinary(FileDescriptorSetSchema, readFileSync(join(dir, 'out'))).file;
      return create(CodeGeneratorRequestSchema, { protoFile, fileToGenerate: Object.keys(sources) });
    } finally {
      rmSync(dir, { recursive: true });
    }
  };
  const errorsOf = (source: string): string[] => {
    const { protoFile, fileToGenerate } = describeFiles({ 'a.proto': source });
    return ask(protoFile, fileToGenerate).error.split('\n');
  };

  it('is recorded as protoc says it today', () => {
    const dir = mkdtempSync(join(tmpdir(), 'stmp-'));
    try {
      const args = ['-I', path('proto'), '-I', path('../proto'), '--include_imports', '--include_source_info'];
      execFileSync('protoc', [...args, '-o', join(dir, 'out'), ...CASES]);
      const fresh = fromBinary(FileDescriptorSetSchema, readFileSync(join(dir, 'out'))).file;
      for (const [name, files] of [
        ['recorded', recorded],
        ['fresh', fresh],
      ] as const) {
        const { file } = ask(files, CASES);
        expect(
          file.map(({ content }) => content),
          name,
        ).toEqual(file.map((each) => text(`generated/ts/${each.name}`)));
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  // protoc finds the other faults by itself.
  const empty = '(google.protobuf.Empty) returns (google.protobuf.Empty)';
  for (const [what, body] of [
    [
      'half an id',
      `service A {\n option (stmp.service) = 0x10;\n rpc One${empty};\n rpc Two${empty} { option (stmp.method) = 1; }\n}`,
    ],
    ['half an id, of a method', `service A {\n rpc One${empty} {\n\n option (stmp.method) = 1;\n }\n}`],
    ['a reserved id', `service A {\n option (stmp.service) = 0;\n rpc One${empty} { option (stmp.method) = 3; }\n}`],
    [
      'two equal ids',
      `service A {\n option (stmp.service) = 9;\n rpc One${empty} { option (stmp.method) = 3; }\n rpc Two${empty} {\n option (stmp.method) = 3; }\n}`,
    ],
    ['a kind that is none', `service A {\n\n option (stmp.kind) = { events: false };\n}`],
    ['a stream', `service A {\n rpc One(stream google.protobuf.Empty) returns (google.protobuf.Empty);\n}`],
    ['equal names', `service A {\n rpc JoinRoom${empty};\n rpc join_room${empty};\n}`],
    ['an unsupported type', `message A {\n .google.protobuf.Api a = 1;\n}\nimport "google/protobuf/api.proto";`],
  ] as const) {
    it(`reports ${what} in the words of stmp-gen`, () => {
      const source = proto(body);
      const problems = problemsOf({ 'a.proto': source });
      expect(problems).not.toEqual([]);
      if (what === 'an unsupported type') {
        expect(errorsOf(source)[0]).toMatch(
          /^a\.proto:3: google\.protobuf\.Api is not supported; of google\.protobuf there are Any, /,
        );
      } else expect(errorsOf(source)).toEqual(problems);
    });
  }

  it('refuses proto2', () => {
    expect(errorsOf('\nsyntax = "proto2";')).toEqual([
      'a.proto:2: proto2 is not supported; start the file with: syntax = "proto3";',
    ]);
  });

  it('shares out comments as stmp-gen does', () => {
    const comments = ['// line', '/* block */', '/** doc\n * star\n */', '', '\n'];
    const places: string[] = [];
    for (const a of comments) for (const b of comments) for (const c of comments) places.push(`${a}\n${b}\n${c}`);
    const body = places
      .map(
        (gap, i) =>
          `message A${i} {${gap}\n string a = 1;${gap}\n string b = 2; ${gap}\n oneof c {${gap}\n bool d = 3;${gap}\n }${gap}\n }${gap}`,
      )
      .join('\n');
    const sources = { 'a.proto': proto(body) };
    const { protoFile, fileToGenerate } = describeFiles(sources);
    const { file, error } = ask(protoFile, fileToGenerate);
    expect(error).toBe('');
    expect(file[0]?.content).toBe(generateFrom(sources)[0]?.text);
  });
});
