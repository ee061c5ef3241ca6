// The service of the benchmarks, as the generator would write it.
const Note = {
  typeName: 'bench.Note',
  fields: [
    [1, 'id', 'uint32'],
    [2, 'text', 'string'],
  ],
};
export const EchoService = {
  kind: 'service',
  typeName: 'bench.EchoService',
  methods: {
    echo: { name: 'Echo', action: 0x1001, input: Note, output: Note },
    tell: { name: 'Tell', action: 0x1002, input: Note, output: Note },
  },
};
export const NoteEvents = {
  kind: 'events',
  typeName: 'bench.NoteEvents',
  methods: { note: { name: 'Note', action: 0x1101, input: Note } },
};
/** Protobuf bytes of `{ id: 1000, text: 'x' * (bytes - 5) }`: 38 for 33 letters. */
export const textOf = (bytes) => 'x'.repeat(bytes === 38 ? 33 : bytes - 6);
