// The message that every peer sends, `{ id, text }`, 38 bytes in protobuf, for those that have no codec of their own.
import protobuf from 'protobufjs';

export const Note = new protobuf.Type('Note')
  .add(new protobuf.Field('id', 1, 'uint32'))
  .add(new protobuf.Field('text', 2, 'string'));
new protobuf.Root().define('bench').add(Note);

export const encode = (note) => Buffer.from(Note.encode(note).finish());
export const decode = (bytes) => Note.decode(bytes);
export const textOf = (bytes) => 'x'.repeat(bytes === 38 ? 33 : bytes - 6);

/** What `open` returns, over a function that sends one note and resolves to the answer. */
export function caller(bytes, echo, events, close) {
  const text = textOf(bytes);
  let id = 1000;
  return {
    async call() {
      const mine = 1000 + (id++ % 1000);
      const answer = await echo({ id: mine, text });
      if (answer.id !== mine || answer.text.length !== text.length) throw new Error('wrong answer');
    },
    events: events ?? (() => 0),
    close,
  };
}

let serial = 0;
export const event = () => ({ id: 1000 + (serial++ % 1000), text: textOf(38) });
