// The service of this benchmark, as the generator would write it.
const Note = {
  typeName: 'bench.Note',
  fields: [
    [1, 'id', 'uint32'],
    [2, 'text', 'string'],
  ],
};
export const LineService = {
  kind: 'service',
  typeName: 'bench.LineService',
  methods: {
    echo: { name: 'Echo', action: 0x1201, input: Note, output: Note },
    /** Answers with the id alone. */
    put: { name: 'Put', action: 0x1202, input: Note, output: Note },
  },
};

/** What is compared: tcp, and kcp with each preset at both ends. */
export const KINDS = ['tcp', 'upstream', 'normal', 'fast'];

/** Address of a kind on a host; `port` is that of the first kind. */
export function addressOf(kind, host, port) {
  return kind === 'tcp' ? `tcp://${host}:${port}` : `kcp://${host}:${port + KINDS.indexOf(kind)}`;
}

/** Protobuf bytes of `{ id: 1000, text }` are `bytes`, for 8 to 130 of them. */
export const textOf = (bytes) => 'x'.repeat(bytes - 5);
