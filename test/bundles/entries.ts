interface Entry {
  readonly source: string;
  readonly targetBytes: number;
}

/** What the size table measures: a client as its user would write it. Bytes, minified, gzip -9. */
export const ENTRIES: Readonly<Record<string, Entry>> = {
  'WebSocket + JSON client': {
    targetBytes: 8.0 * 1000,
    source: `
      import { createClient } from '@stmp/connection';
      import { jsonCodec } from '@stmp/payload-json';
      import { wsDialer } from '@stmp/transport-ws';
      export const open = (url) => createClient(url, { codecs: [jsonCodec()], dialers: [wsDialer()] });`,
  },
  'WebSocket + plain JSON client': {
    targetBytes: 8.0 * 1000,
    source: `
      import { createClient } from '@stmp/connection';
      import { plainJsonCodec } from '@stmp/payload-json';
      import { wsDialer } from '@stmp/transport-ws';
      export const open = (url) => createClient(url, { codecs: [plainJsonCodec()], dialers: [wsDialer()] });`,
  },
  'WebSocket + protobuf client': {
    targetBytes: 19.5 * 1000,
    source: `
      import { createClient } from '@stmp/connection';
      import { protobufCodec } from '@stmp/payload-protobuf';
      import { wsDialer } from '@stmp/transport-ws';
      export const open = (url) => createClient(url, { codecs: [protobufCodec()], dialers: [wsDialer()] });`,
  },
  'all payloads': {
    targetBytes: 26 * 1000,
    source: `
      import { createClient } from '@stmp/connection';
      import { jsonCodec } from '@stmp/payload-json';
      import { msgpackCodec } from '@stmp/payload-msgpack';
      import { protobufCodec } from '@stmp/payload-protobuf';
      import { wsDialer } from '@stmp/transport-ws';
      export const open = (url) => createClient(url, { codecs: [protobufCodec(), msgpackCodec(), jsonCodec()], dialers: [wsDialer()] });`,
  },
};
