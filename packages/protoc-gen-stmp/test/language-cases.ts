/** Files of proto3 that are right. */
export const right: Readonly<Record<string, string>> = {
  'names apart by spaces': 'syntax = "proto3"; package a . b /* c */ . d; message A { .  a.b . d.A a = 1; }',
  'values of options between angle brackets':
    'syntax = "proto3"; import "google/protobuf/descriptor.proto"; message S { message D { string x = 1; } D c = 1; } extend google.protobuf.FileOptions { S s = 50000; } option (s) = { c < x: "x" > };',
  'members named __proto__':
    'syntax = "proto3"; message A { string __proto__ = 1; oneof constructor { int32 a = 2; } } service S { rpc __proto__(A) returns (A); } enum E { __proto__x = 0; }',
  'a oneof named __proto__': 'syntax = "proto3"; message A { oneof __proto__ { int32 a = 2; } }',
  'a message named __proto__': 'syntax = "proto3"; message __proto__ {} message B { __proto__ b = 1; }',
  'strings in pieces': `syntax = "pro" 'to3'; option java_package = "a" 'b';`,
  escapes: 'syntax = "proto3"; message A { string a = 1 [json_name = "\\x61\\142\\n\\u00e9"]; }',
  'numbers of each base':
    'syntax = "proto3"; message A { string a = 0x10; string b = 017; } enum E { X = 0; Y = -0x7; Z = -2147483648; }',
  'keywords as names':
    'syntax = "proto3"; message message { string string = 1; int32 option = 2; message rpc {} rpc returns = 3; stream stream = 4; } message stream {}',
  'empty statements':
    'syntax = "proto3";; message A {;}; enum E {; A0 = 0;;} service S {; rpc A(A) returns (A) {;};};'.replace(
      'rpc A(A) returns (A)',
      'rpc M(A) returns (A)',
    ),
  'reserved numbers and names':
    'syntax = "proto3"; message A { reserved 1, 3 to 5, 100 to max; reserved "a", "b"; string c = 2; } enum E { Z = 0; reserved -5 to -1, 7; reserved "Y"; }',
  'an alias': 'syntax = "proto3"; enum E { option allow_alias = true; A = 0; B = 0; }',
  'plain options':
    'syntax = "proto3"; option java_multiple_files = true; option optimize_for = LITE_RUNTIME; option php_generic_services = false; message A { option deprecated = true; repeated int32 a = 1 [packed = true, deprecated = false]; int64 b = 2 [jstype = JS_STRING]; bytes c = 3 [ctype = CORD]; } enum E { A0 = 0 [deprecated = true]; } service S { option deprecated = true; rpc M(A) returns (A) { option idempotency_level = NO_SIDE_EFFECTS; option deprecated = true; } }',
  'a field of a type whose name a field has': 'syntax = "proto3"; message B {} message A { B B = 1; }',
  'an rpc of a full name':
    'syntax = "proto3"; package p; message Error {} service S { rpc Error(.p.Error) returns (p.Error); }',
  'a name that is found outside of a field of that name':
    'syntax = "proto3"; message b { message C {} } message A { int32 b = 1; b.C c = 2; }',
  'options declared':
    'syntax = "proto3"; import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { string mine = 50000; } message A { extend google.protobuf.MessageOptions { A other = 50001; } string a = 1 [(mine) = "x"]; }',
  'maps of each key':
    'syntax = "proto3"; message A { map<string, A> a = 1; map < bool , bytes > b = 2; map<sfixed64, E> c = 3; } enum E { Z = 0; }',
  'a type named map': 'syntax = "proto3"; message map {} message A { map m = 1; optional map n = 2; }',
  'values of an enum in different messages':
    'syntax = "proto3"; message A { enum E { NONE = 0; } } message B { enum E { NONE = 0; } }',
  'an import of each kind':
    'syntax = "proto3"; import public "google/protobuf/any.proto"; import "google/protobuf/api.proto";',
};

/** Files that are wrong, and what is said of them. */
export const wrong: Readonly<Record<string, readonly [source: string, ...problems: string[]]>> = {
  'an enum value above int32': [
    'enum E {\n A = 0;\n B = 2147483648;\n C = -2147483649; }',
    'a.proto:4: B = 2147483648 is out of range; values of an enum are from -2147483648 to 2147483647',
    'a.proto:5: C = -2147483649 is out of range; values of an enum are from -2147483648 to 2147483647',
  ],
  'one value in sibling enums': [
    'enum E { A = 0; }\nenum F { A = 0; }',
    "a.proto:3: duplicate name 'A'; values of an enum share the scope around it; rename one",
  ],
  'a value that is a message': [
    'message A { message B {}\n enum F { B = 0; } }',
    "a.proto:3: duplicate name 'B' in A; values of an enum share the scope around it; rename one",
  ],
  'a message and a service of one name': ['message A {}\nservice A {}', "a.proto:3: duplicate name 'A'; rename one"],
  'a field and a message of one name': [
    'message A { message b {}\n string b = 1; }',
    "a.proto:3: duplicate name 'b' in A; rename one",
  ],
  'a field and a oneof of one name': [
    'message A { string b = 1;\n oneof b { string c = 2; } }',
    "a.proto:3: duplicate name 'b' in A; rename one",
  ],
  'one rpc twice': [
    'message A {} service S { rpc M(A) returns (A);\n rpc M(A) returns (A); }',
    "a.proto:3: duplicate name 'M' in S; rename one",
  ],
  'a default': [
    'message A {\n int32 a = 1 [default = 5]; }',
    "a.proto:3: field a: proto3 has no defaults of one's own; remove [default = …]",
  ],
  'an unknown option of a file': [
    '\noption speed = 1;',
    'a.proto:3: there is no option speed here; check the spelling, or put it in parentheses if it is your own',
  ],
  'an unknown option of a field': [
    'message A {\n int32 a = 1 [speed = 1]; }',
    'a.proto:3: there is no option speed here; check the spelling, or put it in parentheses if it is your own',
  ],
  'an option in the wrong place': [
    'message A {\n option packed = true; }',
    'a.proto:3: there is no option packed here; check the spelling, or put it in parentheses if it is your own',
  ],
  'an option of another type': [
    'option java_package = Foo;\noption optimize_for = MAYBE;\nmessage A { option deprecated = 1; }',
    'a.proto:2: option java_package takes a string in quotes',
    'a.proto:3: option optimize_for takes SPEED or CODE_SIZE or LITE_RUNTIME',
    'a.proto:4: option deprecated takes true or false',
  ],
  'an option twice': [
    'message A { option deprecated = true;\n option deprecated = true; }',
    'a.proto:3: option deprecated is set twice; remove one',
  ],
  'an empty oneof': ['message A {\n oneof b {} }', 'a.proto:3: oneof b has no fields; add one or remove it'],
  'a label in a oneof': [
    'message A { oneof b {\n repeated int32 c = 1; } }',
    'a.proto:3: field c of a oneof has no label; remove "repeated"',
  ],
  'a map in a oneof': [
    'message A { oneof b {\n map<string, int32> c = 1; } }',
    'a.proto:3: c: a map cannot be in a oneof; put it beside',
  ],
  'a map with a label': [
    'message A {\n repeated map<string, int32> c = 1; }',
    'a.proto:3: field c: a map has no label; remove "repeated"',
  ],
  'a map with keys of float': [
    'message A {\n map<float, int32> c = 1; }',
    'a.proto:3: field c: the keys of a map are integers, bool or string, not float',
  ],
  'a map whose entry is taken': [
    'message A { message FooBarEntry {}\n map<int32, int32> foo_bar = 1; }',
    'a.proto:3: the map foo_bar needs the name FooBarEntry in A; rename one',
  ],
  'an rpc that hides its message': [
    'message Error {}\nservice S {\n rpc Error(Error) returns (.Error); }',
    'a.proto:4: Error is not a message, but here the rpc S.Error; for a message write its full name with a dot in front, as in .Error',
  ],
  'a type that is a service': [
    'service S {}\nmessage A {\n .S a = 1; }',
    'a.proto:4: .S is not a message or enum, but the service S; rename one',
  ],
  'a required field': [
    'message A {\n required int32 a = 1; }',
    'a.proto:3: field a: proto3 has no required fields; remove "required"',
  ],
  'a group': [
    'message A {\n repeated group G = 1 { int32 b = 1; } }',
    'a.proto:3: group G: proto3 has no groups; declare a message and a field',
  ],
  extensions: [
    'message A {\n extensions 5 to 10; }',
    'a.proto:3: A: proto3 has no extensions; remove the line, and use google.protobuf.Any',
  ],
  'an extension of a message': [
    'message A {}\nextend A { int32 b = 1; }',
    'a.proto:3: proto3 extends options only, not A; declare a field in the message itself',
  ],
  'aliases that are not allowed': [
    'enum E { A = 0;\n B = 0; }',
    'a.proto:3: duplicate id 0 in enum E; change B or A, or set option allow_alias = true',
  ],
  'aliases that are not there': [
    'enum E { option allow_alias = true; A = 0; }',
    'a.proto:2: enum E allows aliases, but has none; remove option allow_alias',
  ],
  'values that differ in case only': [
    'enum Kind { KIND_FOO = 0;\n Foo = 1; }',
    'a.proto:3: Foo and KIND_FOO of enum Kind differ in case and underscores only; rename one',
  ],
  'a reserved name': [
    'message A { reserved "a";\n int32 a = 1; }',
    "a.proto:3: name 'a' is reserved in message A; take another",
  ],
  'a reserved value': [
    'enum E { Z = 0; reserved 5;\n A = 5; }',
    'a.proto:3: id 5 is reserved in enum E; give A another',
  ],
  'reserved numbers twice': [
    'message A { reserved 1 to 5;\n reserved 5; }',
    'a.proto:3: reserved numbers overlap in A; name 5 once',
  ],
  'packed strings': [
    'message A {\n repeated string a = 1 [packed = true]; }',
    'a.proto:3: field a: only repeated numbers, bools and enums can be packed; remove [packed = true]',
  ],
  'a jstype for a string': [
    'message A {\n string a = 1 [jstype = JS_STRING]; }',
    'a.proto:3: field a: jstype is for 64-bit integers; remove it',
  ],
  'a file of protobuf that does not exist': [
    'import "google/protobuf/timestamps.proto";',
    'a.proto:2: cannot find the import "google/protobuf/timestamps.proto"; name its root with --proto_path',
  ],
  'an import twice': [
    'import "google/protobuf/any.proto";\nimport "google/protobuf/any.proto";',
    'a.proto:3: import "google/protobuf/any.proto" stands twice; remove one',
  ],
  'two packages': ['package a;\npackage b;', 'a.proto:3: a file has one package; remove this one'],
  'a message named as a package': [
    'package b.c;\nimport "d.proto";',
    'd.proto:2: b is the name of a package too; rename one',
  ],
  'an unknown word': [
    '\nmesage A {}',
    "a.proto:3: illegal token 'mesage', 'message', 'enum', 'service', 'extend', 'import', 'package' or 'option' expected",
  ],
  'a stream in the wrong place': [
    'message A {} service S {\n stream B(A, A); }',
    "a.proto:3: illegal token 'stream', 'rpc' or 'option' expected",
  ],
  'a string without an end': [
    'import "a\n;',
    'a.proto:2: illegal token "a: a string ends in the line where it begins, with the same quote, and has no unknown escapes',
  ],
  'an unknown escape': [
    'option java_package = "\\q";',
    'a.proto:2: illegal token "\\q: a string ends in the line where it begins, with the same quote, and has no unknown escapes',
  ],
  'a comment without an end': [
    'message A {}\n/* B',
    'a.proto:3: illegal token /*: the comment that begins here has no end; add */',
  ],
  'a number of no base': [
    'message A {\n int32 a = 09; }',
    'a.proto:3: illegal token 09: numbers are written as 12, 0x1F, 017 or 1.5e3',
  ],
  'letters beyond ASCII': ['message Ä {}', "a.proto:2: illegal token 'Ä', the name of the message expected"],
  'an end too early': ['message A {\n string a = 1', "a.proto:3: illegal end of the file, ';' expected"],
  'messages too deep': [
    `${'message A {\n'.repeat(40)}${'}'.repeat(40)}`,
    'a.proto:34: messages nest deeper than 32; flatten them',
  ],
  'options without a name': [
    'message A {\n int32 a = 1 []; }',
    "a.proto:3: illegal token ']', the name of an option expected",
  ],
};

/** A file that others import. */
const OTHER = 'syntax = "proto3";\nmessage b {}';

/** A file of proto3 with this body, and the one it may import. */
export const sourcesOf = (body: string): Record<string, string> => ({
  'a.proto': `syntax = "proto3";\n${body}`,
  'd.proto': OTHER,
});
