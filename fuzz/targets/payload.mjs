// Payloads of one format: what can be decoded can be written, and means the same.
export async function create(load, format) {
  const { isStmpError } = await load('contract');
  const types = await load('types');
  const modules = {
    json: ['payload-json', ({ jsonCodec }) => jsonCodec()],
    'json-go': ['payload-json', ({ jsonCodec }) => jsonCodec({ dialect: 'stmp-go' })],
    msgpack: ['payload-msgpack', ({ msgpackCodec }) => msgpackCodec()],
    protobuf: ['payload-protobuf', ({ protobufCodec }) => protobufCodec()],
  };
  const [name, make] = modules[format];
  const codec = make(await load(name));
  const { Everything, WellKnown, Tree, EchoMessage, Choice, Value, bytesOf } = types;
  const messages = [Everything, WellKnown, Tree, EchoMessage, Choice, Value].map((type) => codec.message(type));
  if (format !== 'protobuf') messages.push(codec.message(undefined));
  // Plain JSON reads 1e999 as what it does not write; the dialect of the original has no such numbers at all.
  const canRefuse = (index) => format === 'json-go' || (format === 'json' && index === 6);
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  const write = (message, value) => new Uint8Array(bytesOf(message.encode(value)));
  const isSame = (one, other) => one.length === other.length && one.every((byte, index) => byte === other[index]);
  const read = (work) => {
    try {
      return [work()];
    } catch (error) {
      if (!isStmpError(error) || error.code !== 'payload_invalid') throw error;
      return undefined;
    }
  };

  /** The first byte says which type. The payload lies in the middle of other bytes, and they change afterwards. */
  function run(bytes) {
    const index = (bytes[0] ?? 0) % messages.length;
    const message = messages[index];
    const chunk = new Uint8Array(bytes.length + 5).fill(0x31);
    chunk.set(bytes.subarray(1), 3);
    const end = 3 + Math.max(0, bytes.length - 1);
    const found = read(() => message.decode(chunk, 3, end));
    if (message.decodeText !== undefined) {
      const text = utf8.decode(bytes.subarray(1));
      // Bytes that are no UTF-8 may be refused, as text they are already something else.
      const fromText = read(() => message.decodeText(text, 0, text.length));
      if (found !== undefined && fromText === undefined) throw new Error('bytes are taken, and the same text is not');
    }
    if (found === undefined) return false;
    chunk.fill(0x7e);
    const again = read(() => write(message, found[0]));
    if (again === undefined) {
      if (canRefuse(index)) return false;
      throw new Error('what was read cannot be written');
    }
    const once = again[0];
    const twice = write(message, message.decode(once, 0, once.length));
    if (!isSame(once, twice)) {
      throw new Error(`written ${Buffer.from(once).toString('base64')}, then ${Buffer.from(twice).toString('base64')}`);
    }
    return true;
  }

  const nested = { label: 'ä', depthLevel: -1 };
  const samples = [
    [0, { fDouble: 1.5, fFloat: -2, fInt32: -1, fInt64: -(2n ** 63n), fUint64: 2n ** 64n - 1n, fString: 'é\u{1f600}' }],
    [0, { fBytes: Uint8Array.of(1, 2, 3), lInt32: [1, 2, 300], mInt32: { a: 1, __proto__x: 2 }, colors: [1, 7] }],
    [0, { kInt64: { '-1': 'x' }, kBool: { true: 'y' }, pick: { case: 'pInt32', value: 5 }, fDouble: 5e-324 }],
    [1, {}],
    [2, { child: { children: [{ leaf: 'x' }, { byName: { a: {} } }] } }],
    [
      3,
      {
        text: 'hello',
        bigNumber: 9007199254740993n,
        nestedItem: nested,
        color: 2,
        counts: { a: 1n },
        children: [nested],
      },
    ],
    [4, { pick: { case: 'name', value: 'a' } }],
    [5, { a: [1, 'b', null, true, { c: -0.5 }] }],
  ];
  const seeds = samples.map(([index, value]) => Uint8Array.from([index, ...write(messages[index], value)]));
  if (messages.length > 6)
    seeds.push(Uint8Array.from([6, ...write(messages[6], { a: [1, 2.5, 'x', null, false, -0.5] })]));
  const names = [Everything, WellKnown, EchoMessage].flatMap(({ fields }) => fields.map((field) => field[1]));
  const camel = (text) => text.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  const text = (part) => new TextEncoder().encode(part);
  const tokens =
    format === 'protobuf'
      ? [...Array(60).keys()].map((tag) => Uint8Array.of(((tag + 1) << 3) & 0x7f, 1))
      : format === 'msgpack'
        ? names.map((part) => Uint8Array.from([0xa0 | camel(part).length, ...text(camel(part))]))
        : [
            ...names.flatMap((part) => [`"${camel(part)}":`, `"${part}":`]),
            ...[
              '{',
              '}',
              '[',
              ']',
              ',',
              ':',
              '"',
              'null',
              'true',
              '1e5',
              '-0',
              '12345678901234567890',
              '"NaN"',
              '\\u00e9',
            ],
            ...['"2020-01-01T00:00:00.5Z"', '"1.5s"', '"AQID"', '"\\ud800"', '{"Pick":{"name":"a"}}', ' ', '0.1'],
          ].map(text);
  return { run, maxBytes: 600, seeds, tokens };
}
