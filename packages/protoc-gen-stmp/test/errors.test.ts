import { describe, expect, it } from 'vitest';
import { generateFrom, problemsOf, proto } from './helpers.js';

const EMPTY = 'google.protobuf.Empty';
const rpc = (name: string, options = ''): string =>
  `rpc ${name}(${EMPTY}) returns (${EMPTY})${options === '' ? ';' : ` { ${options} }`}`;

/** Bodies begin in line 2. */
const cases: readonly (readonly [what: string, body: string, problems: readonly string[]])[] = [
  [
    'a service id without a method id',
    `service AService {\n option (stmp.service) = 0x10;\n ${rpc('One', 'option (stmp.method) = 1;')}\n ${rpc('Two')}\n}`,
    ['a.proto:5: pkg.AService.Two needs option (stmp.method), since AService has (stmp.service); set both or none'],
  ],
  [
    'a method id without a service id',
    `service AService {\n rpc One(${EMPTY})\n returns (${EMPTY}) {\n option (stmp.method) = 1;\n }\n}`,
    ['a.proto:5: (stmp.method) of pkg.AService.One needs option (stmp.service) in AService; set both or none'],
  ],
  [
    'a reserved id',
    `service AService {\n option (stmp.service) = 0;\n ${rpc('One', 'option (stmp.method) = 0xFF;')}\n}`,
    ['a.proto:4: pkg.AService.One has the action id 0x00FF, but 0 to 0xFF are reserved; raise (stmp.service)'],
  ],
  [
    'two methods with one id',
    `service AService {\n option (stmp.service) = 0x10;\n ${rpc('One', 'option (stmp.method) = 7;')}\n ${rpc('Two', 'option (stmp.method) = 0x07;')}\n}`,
    [
      'a.proto:5: pkg.AService.Two has the action id of pkg.AService.One, 0x1007; set another (stmp.service) and (stmp.method)',
    ],
  ],
  [
    'an id whose method part reaches into that of the service',
    `service AService {\n option (stmp.service) = 0x10;\n ${rpc('One', 'option (stmp.method) = 0x101;')}\n}\nservice BService {\n option (stmp.service) = 0x11;\n ${rpc('One', 'option (stmp.method) = 0x01;')}\n}`,
    [
      'a.proto:8: pkg.BService.One has the action id of pkg.AService.One, 0x1101; set another (stmp.service) and (stmp.method)',
    ],
  ],
  [
    'a reserved id by hash',
    `service AService {\n ${rpc('Mgdcf9')}\n}`,
    [
      'a.proto:3: pkg.AService.Mgdcf9 has the action id 0x00DB, but 0 to 0xFF are reserved; rename the method, or set (stmp.service) and (stmp.method)',
    ],
  ],
  [
    'two methods with one id by hash',
    `service AService {\n ${rpc('M248f')}\n ${rpc('M2623')}\n}`,
    [
      'a.proto:4: pkg.AService.M2623 has the action id of pkg.AService.M248f, 0xA32A6CF7; set another (stmp.service) and (stmp.method)',
    ],
  ],
  [
    'an unknown option of ours',
    `service AService {\n option (stmp.id) = 1;\n}`,
    [
      'a.proto:3: unknown option (stmp.id) here; STMP has (stmp.service) and (stmp.kind) for services, and (stmp.method) for methods',
    ],
  ],
  [
    'an option of ours in the wrong place',
    `message A {\n string name = 1 [(stmp.method) = 1];\n}`,
    [
      'a.proto:3: unknown option (stmp.method) here; STMP has (stmp.service) and (stmp.kind) for services, and (stmp.method) for methods',
    ],
  ],
  [
    'an option set twice',
    `service AService {\n option (stmp.service) = 1;\n option (.stmp.service) = 2;\n}`,
    ['a.proto:4: option (stmp.service) is set twice; remove one'],
  ],
  [
    'an id that is no number',
    `service AService {\n option (stmp.service) = "0x10";\n}`,
    ['a.proto:3: (stmp.service) must be an integer from 0 to 2^64-1, such as 0x10, not 0x10'],
  ],
  [
    'a negative id',
    `service AService {\n option (stmp.service) = -1;\n}`,
    ['a.proto:3: (stmp.service) must be an integer from 0 to 2^64-1, such as 0x10, not -1'],
  ],
  [
    'an id of 65 bits',
    `service AService {\n option (stmp.service) = 0x10000000000000000;\n}`,
    ['a.proto:3: (stmp.service) must be an integer from 0 to 2^64-1, such as 0x10, not 0x10000000000000000'],
  ],
  [
    'a service id that leaves no room for the method',
    `service AService {\n option (stmp.service) = 0x100000000000000;\n}`,
    ['a.proto:3: (stmp.service) of pkg.AService does not fit into 56 bits; use a smaller one'],
  ],
  [
    'a kind that is none',
    `service A {\n option (stmp.kind) = { };\n}`,
    ['a.proto:3: (stmp.kind) of pkg.A is neither service nor events; write { service: true } or { events: true }'],
  ],
  [
    'a kind with a foreign field',
    `service A {\n option (stmp.kind) = { stream: true };\n}`,
    ['a.proto:3: (stmp.kind) is written as { service: true } or { events: true }, or both; not with stream'],
  ],
  [
    'a stream',
    `service AService {\n rpc One(stream ${EMPTY}) returns (${EMPTY});\n rpc Two(${EMPTY}) returns (stream ${EMPTY});\n}`,
    [
      'a.proto:3: pkg.AService.One: STMP has no streams; remove "stream", and push with a service named ...Events; the option skip-streams leaves such methods out',
      'a.proto:4: pkg.AService.Two: STMP has no streams; remove "stream", and push with a service named ...Events; the option skip-streams leaves such methods out',
    ],
  ],
  [
    'two methods of one name in TypeScript',
    `service AService {\n ${rpc('JoinRoom')}\n ${rpc('join_room')}\n}`,
    ['a.proto:4: pkg.AService.join_room and JoinRoom are both "joinRoom" in TypeScript; rename one'],
  ],
  [
    'methods that differ in the case of the first letter',
    `service AService {\n ${rpc('Join')}\n ${rpc('join')}\n}`,
    [
      'a.proto:4: pkg.AService.join and Join are both "join" in TypeScript; rename one',
      expect.stringMatching(
        /^a\.proto:4: pkg\.AService\.join has the action id of pkg\.AService\.Join, 0x[0-9A-F]{8}; /,
      ) as string,
    ],
  ],
  [
    'a type that does not exist',
    `message A {\n Missing field = 1;\n}`,
    ['a.proto:3: there is no message or enum named Missing; check the spelling and the imports'],
  ],
  [
    'a type that is found too early',
    `message A {\n message pkg { }\n pkg.A field = 1;\n}`,
    ['a.proto:4: there is no message or enum named pkg.A.pkg.A; check the spelling and the imports'],
  ],
  [
    'a well-known type without its import',
    `message A {\n google.protobuf.Timestamp at = 1;\n}`,
    [
      'a.proto:3: google.protobuf.Timestamp is declared in google/protobuf/timestamp.proto, which is not imported; add: import "google/protobuf/timestamp.proto";',
    ],
  ],
  [
    'a scalar as input',
    `service A {\n rpc One(string) returns (${EMPTY});\n}`,
    ['a.proto:3: string is not a message; methods take and give messages'],
  ],
  [
    'an enum as input',
    `enum E { NONE = 0; }\nservice A {\n rpc One(E) returns (${EMPTY});\n}`,
    ['a.proto:4: E is not a message; methods take and give messages'],
  ],
  ['a syntax error', `message A {\n string name 1;\n}`, ["a.proto:3: illegal token '1', '=' expected"]],
  ['an end too early', `message A {\n string name = 1;\n`, [expect.stringMatching(/^a\.proto:\d+: illegal/) as string]],
  [
    'a field name twice',
    `message A {\n string a = 1;\n string a = 2;\n}`,
    [expect.stringMatching(/^a\.proto:4: duplicate name 'a'/) as string],
  ],
  [
    'a field number twice',
    `message A {\n string a = 1;\n oneof c {\n string b = 1;\n }\n}`,
    [expect.stringMatching(/^a\.proto:5: duplicate id 1/) as string],
  ],
  [
    'a reserved field',
    `message A {\n reserved 3;\n string a = 3;\n}`,
    [expect.stringMatching(/^a\.proto:4: id 3 is reserved/) as string],
  ],
  [
    'a range that runs backwards',
    `message A {\n reserved 5 to 1;\n}`,
    ['a.proto:3: reserved 5 to 1 in pkg.A is no range; begin with the smaller number'],
  ],
  [
    'an enum number twice',
    `enum E {\n A = 0;\n B = 0;\n}`,
    [expect.stringMatching(/^a\.proto:4: duplicate id 0/) as string],
  ],
  [
    'an enum that does not begin with 0',
    `enum E {\n A = 1;\n}`,
    ['a.proto:3: the first value of enum pkg.E must be 0 in proto3'],
  ],
  ['an enum without values', `enum E {\n}`, ['a.proto:2: enum pkg.E has no values; add one with the number 0']],
  [
    'a field number out of range',
    `message A {\n string a = 0;\n string b = 19000;\n}`,
    [
      'a.proto:3: field number 0 is not allowed; use 1 to 536870911, without 19000 to 19999',
      'a.proto:4: field number 19000 is not allowed; use 1 to 536870911, without 19000 to 19999',
    ],
  ],
  [
    'JSON names that clash',
    `message A {\n string a_b = 1;\n string aB = 2;\n}`,
    ['a.proto:4: fields aB and a_b are both "aB" in JSON; rename one'],
  ],
  [
    'a field that clashes with a oneof',
    `message A {\n oneof a_b {\n string x = 1;\n }\n string aB = 2;\n}`,
    ['a.proto:6: field aB and oneof a_b are both "aB" in TypeScript and JSON; rename one'],
  ],
  [
    'types of google.protobuf that have no place here',
    `message A {\n .google.protobuf.FileOptions a = 1;\n}`,
    [
      expect.stringMatching(
        /^a\.proto:3: google\.protobuf\.FileOptions is not supported; .*; send bytes, or copy /,
      ) as string,
    ],
  ],
];

describe('what is wrong with a .proto', () => {
  for (const [what, body, problems] of cases) {
    it(`reports ${what}`, () => expect(problemsOf({ 'a.proto': proto(body) })).toEqual(problems));
  }

  it('finds a fault in each of several declarations', () => {
    const body = `message A {\n B b = 1;\n C c = 2;\n}\nservice S {\n ${rpc('One')}\n rpc Two(D) returns (${EMPTY});\n}`;
    expect(problemsOf({ 'a.proto': proto(body) }).map((line) => line.slice(0, 9))).toEqual([
      'a.proto:3',
      'a.proto:4',
      'a.proto:8',
    ]);
  });

  it('asks for the import of the options', () => {
    const source = 'syntax = "proto3";\nservice A {\n option (stmp.service) = 1;\n}';
    expect(problemsOf({ 'a.proto': source })).toEqual(['a.proto:3: option (stmp.service) needs: import "stmp.proto";']);
  });

  it('reads the options by their short names inside of their package', () => {
    const body = `service A {\n option (service) = 0x10;\n ${rpc('One')}\n}`;
    expect(problemsOf({ 'a.proto': proto(body, 'stmp.sub') })).toEqual([
      'a.proto:4: stmp.sub.A.One needs option (stmp.method), since A has (stmp.service); set both or none',
    ]);
  });

  it('leaves options of others alone', () => {
    const body = `service A {\n option (stmp.examples.mine) = 1;\n option (google.api.name) = "x";\n ${rpc('One')}\n}`;
    expect(problemsOf({ 'a.proto': proto(body) })).toEqual([]);
  });

  for (const [syntax, name] of [
    ['syntax = "proto2";', 'proto2'],
    ['', 'proto2'],
    ['edition = "2023";', 'editions'],
    ['edition = "2099";', 'editions'],
  ] as const) {
    it(`refuses ${syntax === '' ? 'a file without syntax' : syntax}`, () => {
      const source = `// A comment.\n${syntax}\nmessage A {}`;
      const line = syntax === '' ? 1 : 2;
      expect(problemsOf({ 'a.proto': source })).toEqual([
        `a.proto:${line}: ${name} is not supported; start the file with: syntax = "proto3";`,
      ]);
    });
  }

  it('refuses a message from a proto2 file, but not the import of one', () => {
    const old = 'syntax = "proto2"; package old; message Old { optional string a = 1; }';
    const file = (body: string): string => `syntax = "proto3"; import "old.proto";\n${body}`;
    expect(problemsOf({ 'a.proto': file('message A { string a = 1; }'), 'old.proto': old })).toEqual([]);
    expect(problemsOf({ 'a.proto': file('message A {\n old.Old a = 1; }'), 'old.proto': old })).toEqual([
      'a.proto:3: old.Old is declared in old.proto, which is proto2; only proto3 is supported',
    ]);
  });

  describe('a proto2 file that only declares options', () => {
    const rules = `syntax = "proto2"; package rules; import "google/protobuf/descriptor.proto";
      extend google.protobuf.FieldOptions { optional Rules rules = 1071; }
      message Rules { optional int32 min = 1 [default = 3]; repeated group Part = 2 { required string name = 1; } extensions 100 to max; }`;
    const user = 'syntax = "proto3"; import public "rules.proto"; message A { int32 a = 1 [(rules.rules).min = 5]; }';
    const sources = { 'a.proto': user, 'rules.proto': rules };

    it('may be imported, publicly too', () => {
      const [file] = generateFrom(sources);
      expect(file?.imports).toEqual([]);
      expect(file?.text).not.toContain('rules');
    });

    it('has no output, and stops nobody', () => {
      const files = generateFrom(sources, { files: ['a.proto', 'rules.proto'] });
      expect(files.map(({ path }) => path)).toEqual(['a.ts']);
    });

    it('is refused for what else it declares', () => {
      const service = `${rules} service S { rpc M(Rules) returns (Rules); }`;
      expect(problemsOf({ 'rules.proto': service })[0]).toMatch(/^rules\.proto:1: proto2 is not supported/);
      const other = `${rules} extend Rules { optional int32 a = 100; }`;
      expect(problemsOf({ 'rules.proto': other })[0]).toMatch(/^rules\.proto:1: proto2 is not supported/);
      expect(problemsOf({ ...sources, 'a.proto': `${user}\nmessage B { rules.Rules a = 1; }` })).toEqual([
        'a.proto:2: rules.Rules is declared in rules.proto, which is proto2; only proto3 is supported',
      ]);
    });
  });

  it('leaves out what streams, on demand', () => {
    const body = `message A {}
      service S {
        option (stmp.service) = 0x10;
        rpc Up(stream A) returns (google.protobuf.Empty);
        rpc Plain(A) returns (A) { option (stmp.method) = 1; }
        rpc Both(stream A) returns (stream A);
      }
      service T { rpc Down(A) returns (stream A); }`;
    const [file] = generateFrom({ 'a.proto': proto(body) }, { skipStreams: true });
    expect(file?.skipped).toEqual(['pkg.S.Up', 'pkg.S.Both', 'pkg.T.Down']);
    expect(file?.text.match(/name: '\w+'/g)).toEqual(["name: 'Plain'"]);
    expect(file?.text).not.toContain('google_protobuf_Empty');
    expect(file?.text).toContain('  // Left out, since STMP has no streams: Up, Both.\n}');
    expect(file?.text).toContain('export interface TMethods {\n  // Left out, since STMP has no streams: Down.\n}');
    expect(problemsOf({ 'a.proto': proto(body) })).toHaveLength(5);
  });

  it('names the import that is missing', () => {
    expect(problemsOf({ 'a.proto': 'syntax = "proto3";\n\nimport "b.proto";' })).toEqual([
      'a.proto:3: cannot find the import "b.proto"; name its root with --proto_path',
    ]);
  });

  it('names the input that is missing', () => {
    expect(problemsOf({ 'a.proto': '' }, { files: ['b.proto'] })).toEqual([
      'b.proto: there is no such file; check the name and --proto_path',
    ]);
  });

  it('sees only what is imported, publicly also from afar', () => {
    const sources = {
      'a.proto': 'syntax = "proto3"; package a; import "b.proto";\nmessage A { c.C c = 1; }',
      'b.proto': 'syntax = "proto3"; package b; import "c.proto";',
      'c.proto': 'syntax = "proto3"; package c; message C {}',
    };
    expect(problemsOf(sources)).toEqual([
      'a.proto:2: c.C is declared in c.proto, which is not imported; add: import "c.proto";',
    ]);
    const passedOn = { ...sources, 'b.proto': 'syntax = "proto3"; package b; import public "c.proto";' };
    expect(problemsOf(passedOn)).toEqual([]);
  });

  it('finds clashes of ids across files, and reports them where they can be mended', () => {
    const service = (name: string): string =>
      proto(`service ${name} {\n option (stmp.service) = 1;\n ${rpc('One', 'option (stmp.method) = 1;')}\n}`);
    const sources = {
      'a.proto': `${service('AService')} import "b.proto";`,
      'b.proto': service('BService'),
    };
    expect(problemsOf(sources)).toEqual([
      'a.proto:4: pkg.AService.One has the action id of pkg.BService.One, 0x0101; set another (stmp.service) and (stmp.method)',
    ]);
    expect(problemsOf(sources, { files: ['b.proto'] })).toEqual([]);
  });

  it('reports one type in two files', () => {
    const source = 'syntax = "proto3"; package p;\nmessage A {}';
    expect(problemsOf({ 'a.proto': `${source} import "b.proto";`, 'b.proto': source })).toEqual([
      'b.proto:2: p.A is declared in a.proto too',
    ]);
  });

  it('refuses files that import each other', () => {
    const file = (other: string): string => `syntax = "proto3";\nimport "${other}";`;
    expect(problemsOf({ 'a.proto': file('b.proto'), 'b.proto': file('c.proto'), 'c.proto': file('b.proto') })).toEqual([
      'c.proto:2: files import each other: b.proto -> c.proto -> b.proto; move what they share into a file of its own',
    ]);
    expect(problemsOf({ 'a.proto': file('a.proto') })).toEqual([
      'a.proto:2: files import each other: a.proto -> a.proto; move what they share into a file of its own',
    ]);
  });

  for (const [path, message] of [
    ['./b.proto', 'write import "b.proto";'],
    ['sub/../b.proto', 'write import "b.proto";'],
    ['sub//b.proto', 'write import "sub/b.proto";'],
    ['../b.proto', 'name it as from one of the --proto_path folders'],
  ] as const) {
    it(`says how ${path} is imported`, () => {
      const b = 'syntax = "proto3"; message B {}';
      const source = `syntax = "proto3";\nimport "${path}";`;
      expect(problemsOf({ 'a.proto': source, 'b.proto': b, './b.proto': b })).toEqual([
        `a.proto:2: import "${path}" has ".", "..", "\\" or "//" in it; ${message}`,
      ]);
    });
  }
});
