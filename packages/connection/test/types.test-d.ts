import type { Client, Connection, Context, EventSender, ServiceClient } from '@stmp/connection';
import { createServer } from '@stmp/connection';
import { defineService, type EventsType, type Method, method, type ServiceType } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { assertType, describe, expectTypeOf, it } from 'vitest';

interface Named {
  name: string;
}
interface Room {
  name: string;
  users: string[];
}
const RoomService = defineService('chat.RoomService', {
  join: method<Named, Room>(),
  leave: method<Named>(),
  reset: method<void>(),
});
const RoomEvents = defineService('chat.RoomEvents', { joined: method<{ user: string }>(), emptied: method<void>() });
const Both = defineService('chat.Both', { ping: method<void>() });

declare const client: Client;
declare const connection: Connection;
const codecs = [jsonCodec()];

describe('a service by hand', () => {
  it('has the kind of its name', () => {
    expectTypeOf(RoomService).toExtend<ServiceType<typeof RoomService.methods>>();
    expectTypeOf(RoomEvents).toExtend<EventsType<typeof RoomEvents.methods>>();
    // @ts-expect-error events are not called
    client.service(RoomEvents);
    // @ts-expect-error a service is not emitted
    client.emit(RoomService);
    // @ts-expect-error events are not implemented
    createServer({ codecs }).implement(RoomEvents, { joined: () => {}, emptied: () => {} });
    client.service(Both);
    client.emit(Both);
    client.on(Both, {});
  });
});

describe('calls', () => {
  const rooms = client.service(RoomService);

  it('take the input and give the result', () => {
    expectTypeOf(rooms).toEqualTypeOf<ServiceClient<typeof RoomService.methods>>();
    expectTypeOf(rooms.join({ name: 'lobby' })).toEqualTypeOf<Promise<Room>>();
    expectTypeOf(rooms.leave({ name: 'lobby' })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(rooms.reset()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(connection.service(RoomService).join).toEqualTypeOf(rooms.join);
    assertType(rooms.reset(undefined, { timeoutMs: 5, signal: new AbortController().signal }));
    assertType(rooms.join({ name: 'x' }, { onHeaders: (headers) => headers.length, whenOffline: 'wait' }));
  });

  it('refuse what does not fit', () => {
    // @ts-expect-error a wrong field
    void rooms.join({ nam: 'lobby' });
    // @ts-expect-error a field too many
    void rooms.join({ name: 'lobby', size: 3 });
    // @ts-expect-error a wrong type
    void rooms.join({ name: 3 });
    // @ts-expect-error no input
    void rooms.join();
    // @ts-expect-error no such method
    void rooms.enter({ name: 'lobby' });
    // @ts-expect-error no such option
    void rooms.join({ name: 'lobby' }, { timeout: 3 });
    // @ts-expect-error no such way to wait
    void rooms.join({ name: 'lobby' }, { whenOffline: 'later' });
    // @ts-expect-error no such field in the result
    void rooms.join({ name: 'lobby' }).then((room) => room.members);
  });
});

describe('handlers', () => {
  const server = createServer({ codecs });
  const join = ({ name }: Named): Room => ({ name, users: [] });
  const rest = { leave: () => {}, reset: () => {} };

  it('have the input, a context, and results that may be promises', () => {
    server.implement(RoomService, {
      join: async (input, context) => {
        expectTypeOf(input).toEqualTypeOf<Named>();
        expectTypeOf(context).toEqualTypeOf<Context<undefined, undefined>>();
        expectTypeOf(context.signal).toExtend<AbortSignal>();
        return { name: input.name, users: [] };
      },
      leave: async () => {},
      reset: () => {},
    });
    client.implement(RoomService, { join, ...rest });
  });

  it('are all there, by their names, and give the right result', () => {
    // @ts-expect-error reset is missing
    server.implement(RoomService, { join, leave: () => {} });
    // @ts-expect-error a handler for nothing
    server.implement(RoomService, { join, ...rest, exit: () => {} });
    // @ts-expect-error a wrong result
    server.implement(RoomService, { ...rest, join: () => ({ name: 'x', users: 'nobody' }) });
    // @ts-expect-error a field of the result is missing
    server.implement(RoomService, { ...rest, join: ({ name }) => ({ name }) });
    // @ts-expect-error no result
    server.implement(RoomService, { ...rest, join: () => {} });
    // @ts-expect-error a wrong field of the input
    server.implement(RoomService, { ...rest, join: ({ room }) => ({ name: room, users: [] }) });
    const odd = (input: { name: number }): Room => ({ name: `${input.name}`, users: [] });
    // @ts-expect-error a wrong input
    server.implement(RoomService, { ...rest, join: odd });
    // @ts-expect-error no function
    client.implement(RoomService, { ...rest, join: 3 });
  });
});

describe('events', () => {
  it('are sent with their fields', () => {
    expectTypeOf(connection.emit(RoomEvents)).toEqualTypeOf<EventSender<typeof RoomEvents.methods>>();
    expectTypeOf(connection.emit(RoomEvents).joined({ user: 'a' })).toEqualTypeOf<boolean>();
    expectTypeOf(connection.emit(RoomEvents).emptied()).toEqualTypeOf<boolean>();
    expectTypeOf(connection.emit(RoomEvents, { policy: 'wait' }).emptied()).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(client.emit(RoomEvents, { policy: 'wait' }).emptied()).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(client.notify(RoomService).join({ name: 'x' })).toEqualTypeOf<boolean>();
    expectTypeOf(client.notify(RoomService, { policy: 'wait' }).reset()).toEqualTypeOf<Promise<boolean>>();
    // @ts-expect-error a wrong event
    connection.emit(RoomEvents).entered({ user: 'a' });
    // @ts-expect-error a wrong field
    connection.emit(RoomEvents).joined({ name: 'a' });
    // @ts-expect-error no fields
    connection.emit(RoomEvents).joined();
    // @ts-expect-error no such policy
    connection.emit(RoomEvents, { policy: 'never' });
    // @ts-expect-error requests have fields, too
    client.notify(RoomService).join({});
  });

  it('are listened to by name, some or all', () => {
    expectTypeOf(client.on(RoomEvents, {})).toEqualTypeOf<() => void>();
    client.on(RoomEvents, {
      joined: ({ user }, context) => {
        expectTypeOf(user).toEqualTypeOf<string>();
        expectTypeOf(context).toEqualTypeOf<Context>();
      },
    });
    // @ts-expect-error a wrong event
    client.on(RoomEvents, { entered: () => {} });
    // @ts-expect-error a wrong field
    client.on(RoomEvents, { joined: ({ name }) => name });
  });
});

describe('identity and state', () => {
  const server = createServer({
    codecs,
    authenticate: async ({ headers }) => {
      expectTypeOf(headers.get('token')).toEqualTypeOf<string | undefined>();
      return { identity: { user: headers.get('token') ?? '' }, expiresInMs: 1_000 };
    },
    state: (connection) => {
      expectTypeOf(connection.identity).toEqualTypeOf<{ user: string }>();
      return { rooms: new Set<string>() };
    },
  });

  it('follow from the options', () => {
    server.implement(RoomService, {
      join: ({ name }, { connection }) => {
        expectTypeOf(connection.identity).toEqualTypeOf<{ user: string }>();
        expectTypeOf(connection.state).toEqualTypeOf<{ rooms: Set<string> }>();
        connection.state.rooms.add(name);
        // @ts-expect-error no such field
        connection.identity.name;
        return { name, users: [connection.identity.user] };
      },
      leave: ({ name }, { connection }) => void connection.state.rooms.delete(name),
      reset: () => {},
    });
    server.onConnection((connection) => {
      expectTypeOf(connection).toEqualTypeOf<Connection<{ user: string }, { rooms: Set<string> }>>();
    });
    for (const connection of server.connections) expectTypeOf(connection.state.rooms).toEqualTypeOf<Set<string>>();
    expectTypeOf(createServer({ codecs }).connections).toEqualTypeOf<ReadonlySet<Connection<undefined, undefined>>>();
    // A connection of any server is a connection.
    expectTypeOf<Connection<{ user: string }, { rooms: Set<string> }>>().toExtend<Connection>();
  });

  it('must be what they say', () => {
    // @ts-expect-error without an identity
    createServer({ codecs, authenticate: () => ({ expiresInMs: 3 }) });
    // @ts-expect-error no codecs
    createServer({});
    // @ts-expect-error codecs is a list
    createServer({ codecs: jsonCodec() });
  });
});

it('methods keep what may be sent apart from what is received', () => {
  interface Echo {
    big: bigint;
    note: string;
  }
  interface EchoInit {
    big?: bigint | number;
    note?: string;
  }
  type Methods = { readonly echo: Method<Echo, EchoInit, Echo, EchoInit> };
  const Typed = { typeName: 'x.EchoService', kind: 'service', methods: {} } as unknown as ServiceType<Methods>;
  const { echo } = client.service(Typed);
  expectTypeOf(echo({ big: 3 })).toEqualTypeOf<Promise<Echo>>();
  client.implement(Typed, {
    echo: (message) => {
      expectTypeOf(message).toEqualTypeOf<Echo>();
      return { big: 3 };
    },
  });
});
