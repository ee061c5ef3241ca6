import { equal, fail, show } from '../assert.js';
import { type Case, defineCase } from '../case.js';
import { within } from '../time.js';
import type { Bench } from './bench.js';
import type { Stack } from './fixture.js';

interface Echo {
  echo(input: unknown): Promise<unknown>;
}

/** One service, called over the links from end to end. */
export function serviceCases(bench: Bench): Case[] {
  const { stack } = bench.fixture;
  return [
    defineCase('a service is called over the links, both ways', stack === undefined && 'the fixture has no stack', () =>
      bench.pair(async (_a, _b, pair) => {
        if (stack === undefined) return;
        const { Service, implementation } = echoService(stack);
        const server = stack.createServer({ codecs: [stack.jsonCodec()] });
        server.implement(Service, implementation);
        server.serve(pair.b);
        const step = <T>(what: string, promise: Promise<T>): Promise<T> => within(bench.timeoutMs, what, promise);
        const client = await step('the handshake', stack.connectLink(pair.a, { codecs: [stack.jsonCodec()] }));
        const { echo } = client.service(Service) as Echo;
        const text = 'gr\u00fc\u00df '.repeat(5_000);
        const call = async (n: number): Promise<void> => {
          const reply = (await echo({ n, text })) as { n?: unknown; text?: unknown };
          if (reply?.n !== n || reply.text !== text) fail(`reply ${n}: expected what was sent, got ${show(reply)}`);
        };
        await step('20 calls at once', Promise.all(Array.from({ length: 20 }, (_, n) => call(n))));
        await step('close() of the client', Promise.resolve(client.close()));
        let late: unknown = 'no error';
        await step(
          'a call after the end',
          echo({ n: 0, text: '' }).catch((error: { code?: unknown }) => {
            late = error.code;
          }),
        );
        equal(late === 'no error', false, 'a call after close() succeeded');
        await step('close() of the server', Promise.resolve(server.close()));
      }),
    ),
  ];
}

function echoService({ defineService, method }: Stack): { readonly Service: unknown; readonly implementation: object } {
  const Service = defineService('stmp.conformance.EchoService', { echo: method() });
  return { Service, implementation: { echo: (input: unknown) => input } };
}
