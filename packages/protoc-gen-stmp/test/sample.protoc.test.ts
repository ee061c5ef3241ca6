import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  create,
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescService,
  isFieldSet,
  ScalarType,
} from '@bufbuild/protobuf';
import { FieldOptionsSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { EnumType, Field, FieldType, MessageType } from '@stmp/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../src/cli.js';
import { generate } from '../src/index.js';
import { jsonNameOf } from '../src/model.js';
import { findBuf, PLUGIN } from './programs.js';
import { describeNamed, hasProtoc } from './protoc.js';
import { OPTIONS_ONLY, readSample, sampleNames, sampleRoots } from './sample.js';

const names = sampleNames.filter((name) => name !== OPTIONS_ONLY);
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'stmp-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const save = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

interface Row {
  readonly no: number;
  readonly name: string;
  readonly type: string;
  readonly more: string;
}
interface ServiceTable {
  readonly typeName: string;
  readonly methods: Readonly<Record<string, { name: string; input: MessageType; output: MessageType }>>;
}

/** What the generated code says. */
const typeOf = (type: FieldType): string =>
  typeof type === 'string' ? type : typeof type === 'function' ? type().typeName : enumOf(type);
const enumOf = (type: EnumType): string => JSON.stringify(Object.entries(type));
const rowOf = ([no, name, type, options = {}]: Field): Row => ({
  no,
  name,
  type: typeOf(type),
  more: JSON.stringify({ jsonName: jsonNameOf(name), ...options, goName: undefined }, Object.keys(MORE)),
});

/** What protoc says. */
const MORE = { key: 0, repeated: 0, packed: 0, optional: 0, oneof: 0, jsonName: 0 };
const enumSaid = (type: DescEnum): string => JSON.stringify(type.values.map(({ name, number }) => [name, number]));
function typeSaid(field: DescField): string {
  if (field.message !== undefined) return field.message.typeName;
  if (field.enum !== undefined) return enumSaid(field.enum);
  return (ScalarType[field.scalar as ScalarType] ?? '').toLowerCase();
}
const isUnpacked = ({ proto: { options } }: DescField): boolean =>
  options !== undefined && isFieldSet(options, FieldOptionsSchema.field.packed) && !options.packed;
const rowSaid = (field: DescField): Row => ({
  no: field.number,
  name: field.name,
  type: typeSaid(field),
  more: JSON.stringify(
    {
      ...(field.fieldKind === 'map' ? { key: ScalarType[field.mapKey].toLowerCase() } : {}),
      ...(field.fieldKind === 'list' ? { repeated: true } : {}),
      ...(isUnpacked(field) ? { packed: false } : {}),
      ...(field.proto.proto3Optional ? { optional: true } : {}),
      ...(field.oneof === undefined ? {} : { oneof: jsonNameOf(field.oneof.name) }),
      jsonName: field.jsonName,
    },
    Object.keys(MORE),
  ),
});

function* messagesOf(messages: readonly DescMessage[]): Generator<DescMessage> {
  for (const message of messages) {
    yield message;
    yield* messagesOf(message.nestedMessages);
  }
}
const methodsSaid = (service: DescService): string[] =>
  service.methods
    .filter(({ methodKind }) => methodKind === 'unary')
    .map(({ name, input, output }) => `${name}(${input.typeName}): ${output.typeName}`);

describe.skipIf(!hasProtoc('files that others wrote, beside protoc'))('files that others wrote', () => {
  it('say in JavaScript what protoc reads', { timeout: 120_000 }, async () => {
    const out = join(dir, 'js');
    save(join(out, 'package.json'), '{"type":"module"}');
    for (const { path, text } of generate({ files: names, read: readSample, skipStreams: true, target: 'js' }))
      save(join(out, path), text);
    const file = describeNamed(sampleNames, sampleRoots);
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
    let [messages, fields, methods] = [0, 0, 0];
    for (const name of names) {
      const url = pathToFileURL(join(out, name.replace(/proto$/, 'js'))).href;
      const code = Object.values((await import(/* @vite-ignore */ url)) as Record<string, MessageType | ServiceTable>);
      const said = registry.getFile(name);
      for (const message of messagesOf(said?.messages ?? [])) {
        const table = code.find((each) => 'fields' in each && each.typeName === message.typeName) as MessageType;
        expect(table?.fields.map(rowOf), message.typeName).toEqual(message.fields.map(rowSaid));
        fields += message.fields.length;
        messages++;
      }
      for (const service of said?.services ?? []) {
        const table = code.find((each) => 'methods' in each && each.typeName === service.typeName) as ServiceTable;
        const found = Object.values(table.methods).map(
          (method) => `${method.name}(${method.input.typeName}): ${method.output.typeName}`,
        );
        expect(found, service.typeName).toEqual(methodsSaid(service));
        methods += found.length;
      }
    }
    expect(Math.min(messages / 1200, fields / 3600, methods / 14)).toBeGreaterThan(1);
  });

  describe('give the same files from', () => {
    const all = (): string => {
      const root = join(dir, 'proto');
      for (const name of sampleNames) save(join(root, name), readSample(name)?.text ?? '');
      return root;
    };
    const expected = (): Map<string, string> => {
      const out = join(dir, 'stmp-gen');
      const said: string[] = [];
      const io = { cwd: all(), out: () => {}, err: (text: string) => said.push(text) };
      expect(runCli(['-I', '.', '--skip-streams', '-o', out, ...sampleNames], io)).toBe(0);
      expect(said.every((line) => /streams, and was left out/.test(line))).toBe(true);
      return new Map(names.map((name) => [name, readFileSync(join(out, name.replace(/proto$/, 'ts')), 'utf8')]));
    };
    const found = (out: string): Map<string, string> =>
      new Map(names.map((name) => [name, readFileSync(join(out, name.replace(/proto$/, 'ts')), 'utf8')]));

    it('stmp-gen and protoc', () => {
      const out = join(dir, 'protoc');
      mkdirSync(out);
      const args = [
        '-I',
        '.',
        `--plugin=protoc-gen-stmp=${PLUGIN}`,
        `--stmp_out=${out}`,
        '--stmp_opt=skip_streams',
        ...sampleNames,
      ];
      const { status, stderr } = spawnSync('protoc', args, { cwd: all(), encoding: 'utf8' });
      expect([status, stderr.replaceAll(/^.*warning: .*\n/gm, '')]).toEqual([0, '']);
      expect(found(out)).toEqual(expected());
    });

    const buf = findBuf('files that others wrote, beside buf');
    it.skipIf(buf === undefined)('stmp-gen and buf', () => {
      const out = join(dir, 'buf');
      const cwd = join(dir, 'workspace');
      cpSync(all(), join(cwd, 'proto'), { recursive: true });
      save(join(cwd, 'buf.yaml'), JSON.stringify({ version: 'v2', modules: [{ path: 'proto' }] }));
      const plugins = [{ local: PLUGIN, out, opt: ['skip_streams'], strategy: 'all' }];
      save(join(cwd, 'buf.gen.yaml'), JSON.stringify({ version: 'v2', plugins }));
      const env = { ...process.env, BUF_CACHE_DIR: join(dir, 'cache') };
      const { status, stderr } = spawnSync(buf ?? '', ['generate'], { cwd, encoding: 'utf8', env });
      expect([status, stderr]).toEqual([0, '']);
      expect(found(out)).toEqual(expected());
    });
  });
});
