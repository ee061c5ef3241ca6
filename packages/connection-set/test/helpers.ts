import {
  type Client,
  type Connection,
  connectLink,
  createServer,
  type Server,
  type ServerOptions,
} from '@stmp/connection';
import { defineService, type Link, type MessageType, method, type PayloadCodec } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { type MemoryPairOptions, memoryPair } from '@stmp/transport-memory';
import { FakeClock } from 'test-kit';
import { afterEach, expect } from 'vitest';

export const RoomEvents = defineService('test.v1.RoomEvents', { said: method<{ text: string }>(), emptied: method() });

/** Nothing here takes time. */
const clock = new FakeClock();

/** Lets everything that needs no time happen. */
export function settle(): Promise<void> {
  return clock.advance(0);
}

export interface Member {
  /** The server's end. */
  readonly far: Connection<unknown, unknown>;
  readonly client: Client;
  readonly heard: string[];
  /** The client's link: `pause()` makes a slow reader. */
  readonly link: Link;
}

/** A codec that counts how often it encodes. */
export function counting(codec: PayloadCodec): PayloadCodec & { count: number } {
  const counted = {
    ...codec,
    count: 0,
    message<T, I>(type: MessageType<T, I> | undefined) {
      const inner = codec.message(type);
      const { encodeText } = inner;
      return {
        ...inner,
        encode(value: I) {
          counted.count++;
          return inner.encode(value);
        },
        ...(encodeText && {
          encodeText(value: I) {
            counted.count++;
            return encodeText.call(inner, value);
          },
        }),
      };
    },
  };
  return counted;
}

const servers: Server<unknown, unknown>[] = [];

export function room(options: Partial<ServerOptions<unknown, unknown>> = {}) {
  const server = createServer<unknown, unknown>({ codecs: [jsonCodec()], clock, ...options });
  servers.push(server);
  const enter = async (
    codec: PayloadCodec = jsonCodec(),
    link: MemoryPairOptions = {},
    text = false,
  ): Promise<Member> => {
    const hello = {
      headers: [
        ['Accept', codec.contentType],
        ['Stmp-Version', '1.0'],
        ['Stmp-Extensions', 'drain,cancel'],
        ...(text ? [['Packet-Format', 'text']] : []),
      ] as [string, string][],
    };
    const [near, other] = memoryPair({ ...link, ...(text && { hello }) } as { kind: 'stream' });
    const far = server.serve(other);
    const client = await connectLink(near, { codecs: [codec], clock, packetFormat: text ? 'text' : 'binary' });
    const heard: string[] = [];
    client.on(RoomEvents, {
      said: (event, { headers }) => {
        heard.push(headers.size > 0 ? `${event.text} ${headers.get('K')}` : event.text);
      },
      emptied: () => void heard.push('emptied'),
    });
    return { far, client, heard, link: near };
  };
  return { server, enter };
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    const closed = server.close();
    await clock.advance(60_000);
    await closed;
    expect(server.connections.size).toBe(0);
  }
});
