// A link that says how large a unit it can send.
import { connectLink, createServer } from '@stmp/connection';
import { defineService, type MessageLink, method } from '@stmp/contract';
import { plainJsonCodec } from '@stmp/payload-json';
import { memoryPair } from '@stmp/transport-memory';
import { expect, it } from 'vitest';

const Echo = defineService('limit.EchoService', { echo: method<{ text: string }, { text: string }>() });

function narrow(link: MessageLink, maxSendBytes: number, sizes: number[]): MessageLink {
  return new Proxy(link, {
    get(target, name) {
      if (name === 'maxSendBytes') return maxSendBytes;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'send') sizes.push((args[0] as Uint8Array).length);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

it('calls that need more fail by themselves, and the connection stays', async () => {
  const [a, b] = memoryPair({ kind: 'message' });
  const sizes: number[] = [];
  const server = createServer({ codecs: [plainJsonCodec()] });
  server.implement(Echo, { echo: (message) => message });
  server.serve(b);
  const client = await connectLink(narrow(a, 1_000, sizes), { codecs: [plainJsonCodec()] });
  const echo = (length: number) => client.service(Echo).echo({ text: 'x'.repeat(length) });
  expect((await echo(900)).text).toHaveLength(900);
  await expect(echo(1_000)).rejects.toMatchObject({ code: 'too_large', origin: 'local' });
  expect((await echo(1)).text).toBe('x');
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
  await client.close();
  await server.close();
});
