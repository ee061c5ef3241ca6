import { describe, expect, it } from 'vitest';
import { CASES, generateFrom, path, problemsOf, proto, text } from './helpers.js';
import { describeFiles, describeNamed, hasProtoc } from './protoc.js';
import { ask, recorded } from './recorded.js';

describe.skipIf(!hasProtoc('the plugin, called by protoc'))('protoc-gen-stmp with protoc', () => {
  const errorsOf = (source: string): string[] => {
    return ask(describeFiles({ 'a.proto': source }), ['a.proto']).error.split('\n');
  };

  it('is recorded as protoc says it today', () => {
    for (const [name, files] of [
      ['recorded', recorded],
      ['fresh', describeNamed(CASES, [path('proto'), path('../proto')])],
    ] as const) {
      const { file } = ask(files, CASES);
      expect(
        file.map(({ content }) => content),
        name,
      ).toEqual(file.map((each) => text(`generated/ts/${each.name}`)));
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
    const { file, error } = ask(describeFiles(sources), ['a.proto']);
    expect(error).toBe('');
    expect(file[0]?.content).toBe(generateFrom(sources)[0]?.text);
  });
});
