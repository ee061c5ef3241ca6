import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from '@stmp/connection';
import type { EventsType, Field, MessageType, PayloadCodec, ServiceType } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { memoryTransport } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { GenerateError, type LoadedServices, loadServices } from '../src/index.js';
import { CASES, caseSource, path, proto } from './helpers.js';
import { readSample, sampleNames } from './sample.js';

/** Tables as plain data; the messages in fields by their names. */
const plain = ({ typeName, fields }: MessageType) => ({
  typeName,
  fields: fields.map(([no, name, type, options = {}]: Field) => [
    no,
    name,
    typeof type === 'function' ? type().typeName : typeof type === 'object' ? Object.entries(type) : type,
    options,
  ]),
});
const plainService = ({ kind, typeName, methods }: ServiceType | EventsType) => ({
  kind,
  typeName,
  methods: Object.entries(methods).map(([key, { name, action, input, output }]) => [
    key,
    name,
    action,
    input?.typeName,
    output?.typeName,
  ]),
});

const load = (...bodies: string[]): LoadedServices =>
  loadServices(
    bodies.map((_, i) => `${i}.proto`),
    {
      read: (name) => {
        const text = bodies[Number(name.replace('.proto', ''))];
        return text === undefined || !/^\d/.test(name) ? undefined : { text, shown: name };
      },
    },
  );

const CHAT = proto(`
  message SayInput { string text = 1; int64 at = 2; google.protobuf.Timestamp when = 3; repeated Mood moods = 4; }
  message SayOutput { uint32 seq = 1; }
  enum Mood { NONE = 0; GLAD = 1; }
  service ChatService { rpc Say(SayInput) returns (SayOutput); rpc Leave(google.protobuf.Empty) returns (google.protobuf.Empty); }
  service ChatEvents { rpc Said(SayInput) returns (google.protobuf.Empty); }
  import "google/protobuf/timestamp.proto";`);

describe('services that are loaded at run time', () => {
  it('are what generated code says', async () => {
    const loaded = loadServices(CASES, { read: caseSource });
    let [services, messages] = [0, 0];
    for (const name of CASES) {
      const url = path(`generated/js/${name.replace(/proto$/, 'js')}`);
      const code = (await import(/* @vite-ignore */ url)) as Record<string, MessageType | ServiceType | EventsType>;
      for (const [exported, table] of Object.entries(code)) {
        if ('methods' in table) {
          expect(plainService(loaded.services.get(table.typeName)!), exported).toEqual(plainService(table));
          services++;
        } else if ('fields' in table) {
          expect(plain(loaded.messages.get(table.typeName)!), exported).toEqual(plain(table));
          messages++;
        }
      }
    }
    expect(Math.min(services / 4, messages / 15)).toBeGreaterThanOrEqual(1);
  });

  it('come from files that others wrote', () => {
    const { services, messages } = loadServices(sampleNames, { read: readSample, skipStreams: true });
    expect(services.size).toBeGreaterThan(20);
    for (const message of messages.values()) expect(plain(message).fields).toHaveLength(message.fields.length);
  });

  for (const codec of [jsonCodec(), msgpackCodec(), protobufCodec()] satisfies PayloadCodec[]) {
    it(`call and answer, push and listen over ${codec.contentType}`, async () => {
      const { services } = load(CHAT);
      const chat = services.get('pkg.ChatService') as ServiceType;
      const events = services.get('pkg.ChatEvents') as EventsType;
      const { dialer, listener } = memoryTransport({ kind: 'stream' });
      const server = createServer({ codecs: [codec], listeners: [listener] });
      const input = { text: 'hello', at: 2n ** 60n, when: { seconds: 5n, nanos: 1 }, moods: [1, 7] };
      const heard: unknown[] = [];
      server.implement(chat, {
        say: async (
          given: unknown,
          { connection }: { connection: { emit(type: EventsType): Record<string, (input: unknown) => void> } },
        ) => {
          heard.push(given);
          connection.emit(events).said?.(given);
          return { seq: 9 };
        },
        leave: () => {},
      });
      await server.listen('memory://here');
      const client = await connect('memory://here', { codecs: [codec], dialers: [dialer] });
      const pushed = new Promise((resolve) => client.on(events, { said: resolve }));
      expect(await client.service(chat).say?.(input)).toEqual({ seq: 9 });
      expect(await client.service(chat).leave?.()).toBeUndefined();
      expect(heard).toEqual([input]);
      expect(await pushed).toEqual(input);
      await client.close();
      await server.close();
    });
  }

  it('are read from disk, with what they import', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'stmp-'));
    try {
      mkdirSync(join(cwd, 'proto'));
      writeFileSync(
        join(cwd, 'proto/a.proto'),
        'syntax = "proto3"; import "b.proto"; service S { rpc M(B) returns (B); }',
      );
      writeFileSync(join(cwd, 'proto/b.proto'), 'syntax = "proto3"; message B { B b = 1; } service T {}');
      const { services, messages } = loadServices(['proto/a.proto'], { cwd });
      expect([...services.keys()]).toEqual(['S']);
      expect(services.get('S')?.methods.m?.input).toBe(messages.get('B'));
      expect(() => loadServices(['a.proto'], { cwd })).toThrow('a.proto: there is no such file');
      expect(() => loadServices(['a.proto'], { cwd, protoPath: ['none'] })).toThrow(GenerateError);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  it('are refused as the generator refuses them', () => {
    const streams = 'syntax = "proto3"; message A {} service S { rpc M(stream A) returns (A); rpc N(A) returns (A); }';
    expect(() => load(streams)).toThrow(/^0\.proto:1: S\.M: STMP has no streams/);
    const read = (name: string) => (name === '0.proto' ? { text: streams, shown: name } : undefined);
    expect(
      Object.keys(loadServices(['0.proto'], { read, skipStreams: true }).services.get('S')?.methods ?? {}),
    ).toEqual(['n']);
  });

  it('say where a message is used that cannot be', () => {
    const sources: Record<string, string> = {
      'a.proto': 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }',
      'b.proto': 'syntax = "proto3"; import "c.proto"; message B { C c = 1; Old d = 2; }',
      'c.proto': 'syntax = "proto2"; message C {} enum Old { ONE = 1; }',
    };
    const read = (name: string) => ({ text: sources[name] ?? '', shown: name });
    const { messages } = loadServices(['a.proto'], { read });
    expect(messages.has('C')).toBe(false);
    for (const [, name, type] of messages.get('B')?.fields ?? []) {
      expect(type, name).toBeTypeOf('function');
      expect(type as () => MessageType, name).toThrow(
        /^(C|Old) cannot be used here: it is not declared in a proto3 file$/,
      );
    }
  });
});
