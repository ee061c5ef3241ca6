// What the server of the connection table does. Portable, as the cases are: the server may run elsewhere.
import type { Client, Connection, ConnectionEnd, Context, Server } from '@stmp/connection';
import { defineService, details, type MessageType, type Method, Status, StmpError, statusError } from '@stmp/contract';
import { EchoEvents, EchoService } from '../generated/interop.js';

type Simple<T> = { [K in keyof T]?: T[K] | undefined };
type Message<T> = MessageType<T, Simple<T>>;
type Empty = MessageType<void, void>;

const Empty: Empty = { typeName: 'google.protobuf.Empty', fields: [] };

export interface Note {
  text: string;
  number: number;
}
export const Note: Message<Note> = {
  typeName: 'table.v1.Note',
  fields: [
    [1, 'text', 'string'],
    [2, 'number', 'int32'],
  ],
};

export interface Notes {
  notes: string[];
}
export const Notes: Message<Notes> = {
  typeName: 'table.v1.Notes',
  fields: [[1, 'notes', 'string', { repeated: true }]],
};

type ControlMethods = Record<
  'askBack' | 'failBack' | 'closeMe' | 'killMe' | 'refuse' | 'hang' | 'plainFailure' | 'answerThenTell' | 'pour',
  Method<Note, Simple<Note>, Note, Simple<Note>>
> &
  Record<'heard', Method<Note, Simple<Note>, Notes, Simple<Notes>>> &
  Record<'missing', Method<void, void, void, void>>;

const own = (name: string) => ({ name, action: 0, input: Note, output: Note });

/** Makes the server do what the cases look at. `text` names the connection that is asked about, by its header `Name`. */
export const ControlService = defineService<'table.v1.ControlService', ControlMethods>('table.v1.ControlService', {
  /** Calls the caller's {@link BackService} and answers with what it says. */
  askBack: own('AskBack'),
  /** The same with a method that fails; answers with status and text. */
  failBack: own('FailBack'),
  /** Closes the caller's connection with this status and text. */
  closeMe: own('CloseMe'),
  /** Cuts the caller's connection. */
  killMe: own('KillMe'),
  /** Fails with BadRequest, and its input as details. */
  refuse: own('Refuse'),
  /** Never answers. */
  hang: own('Hang'),
  /** Fails with an error that is not meant for the caller. */
  plainFailure: own('PlainFailure'),
  /** Answers with its input, and emits the next number behind the answer, in the same turn. */
  answerThenTell: own('AnswerThenTell'),
  /** Emits as many events, each when there is room for it, and answers when the last has left. */
  pour: own('Pour'),
  /** What happened to the named connection; waits until there are as many notes as `number` says. */
  heard: { name: 'Heard', action: 0, input: Note, output: Notes },
  /** Not implemented. */
  missing: { name: 'Missing', action: 0, input: Empty, output: Empty },
});

/** What clients implement. */
export const BackService = defineService<
  'table.v1.BackService',
  Record<'ask' | 'fail', Method<Note, Simple<Note>, Note, Simple<Note>>>
>('table.v1.BackService', { ask: own('Ask'), fail: own('Fail') });

const bytesOfSize = (size: number): Uint8Array => new Uint8Array(size).map((_, i) => i & 0xff);

/** The service that the golden exchanges were recorded with. */
export function implementEcho(server: Server<unknown, unknown>): void {
  const echoHeaders = ({ headers, responseHeaders }: Context): void => {
    for (const [name, value] of headers) responseHeaders.append(`Echo-${name}`, value);
  };
  server.implement(EchoService, {
    echo: (message, context) => {
      echoHeaders(context);
      return message;
    },
    pick: (choice) => choice,
    fail: ({ status, message }) => {
      throw status === 0 ? new Error(message) : statusError(status, message || undefined);
    },
    sleep: ({ delayMs }) => new Promise((resolve) => setTimeout(resolve, delayMs)),
    big: ({ size }) => ({ data: bytesOfSize(Number(size)) }),
    sink: ({ data }) => ({ size: data.length }),
    push: ({ size, count }, { connection }) => {
      for (let i = 0; i < count; i++) {
        const data = bytesOfSize(Number(size));
        data[0] = i;
        connection.emit(EchoEvents).pushed({ data });
      }
    },
    headers: (_, { headers, connection }) => ({
      headers: Object.fromEntries(headers),
      remote: connection.remoteAddress,
    }),
    nothing: () => {},
  });
}

/** The notes on all connections, by name; they outlive them. */
class Diary {
  readonly #notes = new Map<string, string[]>();
  readonly #readers = new Set<() => void>();

  note(name: string, text: string): void {
    const notes = this.#notes.get(name);
    if (notes === undefined) this.#notes.set(name, [text]);
    else notes.push(text);
    for (const reader of [...this.#readers]) reader();
  }

  /** Waits for this many notes, or for the signal. */
  read(name: string, count: number, signal: AbortSignal): Promise<string[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const notes = this.#notes.get(name) ?? [];
        if (notes.length < count && !signal.aborted) return;
        this.#readers.delete(look);
        signal.removeEventListener('abort', look);
        resolve([...notes]);
      };
      this.#readers.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }
}

const nameOf = (connection: Connection): string =>
  connection.headers.find(([name]) => name.toLowerCase() === 'name')?.[1] ?? '';

export const endNote = ({ status, message, origin }: ConnectionEnd): string => `end ${status} ${message} ${origin}`;

/** All that the cases ask of a server. */
export function implementTable(server: Server<unknown, unknown>): void {
  const diary = new Diary();
  implementEcho(server);
  server.onConnection((connection) => {
    connection.onClose((end) => diary.note(nameOf(connection), endNote(end)));
    // At once, before anybody can listen.
    connection.emit(EchoEvents).pushed({ data: Uint8Array.of(255) });
  });
  server.on(EchoEvents, {
    pushed: ({ data }, { connection, headers }) =>
      diary.note(nameOf(connection), `event ${data.join(' ')}${headers.has('K') ? ` ${headers.get('K')}` : ''}`),
  });
  server.on(EchoService, {
    echo: ({ text }, { kind, connection }) => {
      if (kind === 'notify') diary.note(nameOf(connection), `notify ${text}`);
    },
  });
  server.implement(ControlService, {
    askBack: (note, { connection }) => connection.service(BackService).ask(note),
    failBack: async (note, { connection }) => {
      try {
        await connection.service(BackService).fail(note);
        return { text: 'no failure' };
      } catch (error) {
        const { code, status, origin, message } = error as StmpError;
        return { text: `${code} ${status} ${origin} ${message}` };
      }
    },
    closeMe: ({ text, number }, { connection }) => {
      void connection.close({ status: number, message: text });
      return {};
    },
    killMe: (_, { connection }) => {
      connection.abort(new StmpError('link_failed', 'killed'));
      return {};
    },
    refuse: (note) => {
      throw statusError(Status.BadRequest, 'see the details', { details: details(Note, note) });
    },
    hang: ({ text }, { signal, connection }) =>
      new Promise((resolve) => {
        diary.note(nameOf(connection), 'hangs');
        signal.addEventListener('abort', () => {
          diary.note(nameOf(connection), 'given up');
          resolve({ text });
        });
      }),
    answerThenTell: (note, { connection }) => {
      queueMicrotask(() => connection.emit(EchoEvents).pushed({ data: Uint8Array.of(note.number + 1) }));
      return note;
    },
    pour: async (note, { connection }) => {
      const sender = connection.emit(EchoEvents, { policy: 'wait' });
      for (let n = 0; n < note.number; n++) await sender.pushed({ data: Uint8Array.of(n & 0xff, n >> 8) });
      return note;
    },
    plainFailure: () => Promise.reject(new Error('secret')),
    heard: async ({ text, number }, { signal }) => ({ notes: await diary.read(text, number, signal) }),
    missing: () => {},
  });
}

/** What the client of a case implements. */
export function implementBack(client: Client): void {
  client.implement(BackService, {
    ask: async ({ text, number }) => ({ text: `${text}!`, number: number + 1 }),
    fail: ({ text }) => {
      throw statusError(0x99, text);
    },
  });
}
