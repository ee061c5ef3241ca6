// What a user of a generated service sees.
import type { Client, Connection } from '@stmp/connection';
import { createServer } from '@stmp/connection';
import { createConnectionSet, type Delivery } from '@stmp/connection-set';
import { jsonCodec } from '@stmp/payload-json';
import { expectTypeOf, it } from 'vitest';
import { type Blob, type Choice, Color, EchoEvents, type EchoMessage, EchoService } from '../generated/interop.js';

declare const client: Client;
declare const connection: Connection;

it('calls', () => {
  const { echo, pick, nothing, big } = client.service(EchoService);
  expectTypeOf(echo({})).toEqualTypeOf<Promise<EchoMessage>>();
  expectTypeOf(nothing()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(big({ size: 3 })).toEqualTypeOf<Promise<Blob>>();
  void echo({ bigNumber: 3n, unsignedBig: 3, color: Color.GREEN, nestedItem: { label: 'x' }, counts: { a: 1n } });
  void pick({ pick: { case: 'number', value: 3n } });
  // @ts-expect-error names are in lowerCamelCase
  void echo({ big_number: 3n });
  // @ts-expect-error no such field
  void echo({ txt: '' });
  // @ts-expect-error bytes are no text
  void echo({ rawData: 'abc' });
  // @ts-expect-error a nested message has fields, too
  void echo({ nestedItem: { lable: 'x' } });
  // @ts-expect-error the case decides over the value
  void pick({ pick: { case: 'number', value: 'x' } });
  // @ts-expect-error no such method
  void client.service(EchoService).ping();
});

it('received messages have every field', async () => {
  const message = await client.service(EchoService).echo({});
  expectTypeOf(message.bigNumber).toEqualTypeOf<bigint>();
  expectTypeOf(message.tagList).toEqualTypeOf<string[]>();
  expectTypeOf(message.nestedItem?.depthLevel).toEqualTypeOf<number | undefined>();
  expectTypeOf<Choice['pick']>().toExtend<{ case: string; value: unknown } | undefined>();
});

it('handlers', () => {
  const server = createServer({ codecs: [jsonCodec()] });
  const rest = {
    fail: () => {},
    sleep: () => {},
    big: () => ({}),
    sink: () => ({}),
    push: () => {},
    headers: () => ({}),
    nothing: () => {},
  };
  server.implement(EchoService, { ...rest, echo: (message) => message, pick: (choice) => choice });
  // @ts-expect-error pick is missing
  server.implement(EchoService, { ...rest, echo: (message) => message });
  // @ts-expect-error a wrong result
  server.implement(EchoService, { ...rest, pick: (choice) => choice, echo: ({ text }) => text });
  // @ts-expect-error a wrong field of the result
  server.implement(EchoService, { ...rest, pick: (choice) => choice, echo: () => ({ text: 3 }) });
});

it('events', () => {
  const set = createConnectionSet([connection]);
  expectTypeOf(set.emit(EchoEvents).pushed({})).toEqualTypeOf<Delivery>();
  expectTypeOf(
    set
      .except(connection)
      .emit(EchoEvents)
      .pushed({ data: new Uint8Array(1) }),
  ).toEqualTypeOf<Delivery>();
  client.on(EchoEvents, { pushed: ({ data }) => expectTypeOf(data).toEqualTypeOf<Uint8Array>() });
  // @ts-expect-error a wrong event
  client.on(EchoEvents, { pulled: () => {} });
  // @ts-expect-error a wrong field
  set.emit(EchoEvents).pushed({ bytes: new Uint8Array(1) });
  // @ts-expect-error not for sets
  set.emit(EchoEvents, { policy: 'wait' });
  // @ts-expect-error a service is called, not emitted
  set.emit(EchoService);
});
