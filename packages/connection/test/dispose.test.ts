import { jsonCodec } from '@stmp/payload-json';
import { memoryTransport } from '@stmp/transport-memory';
import { expect, it } from 'vitest';
import { connect, createServer } from '../src/index.js';

it('await using closes server and client', async () => {
  const { dialer, listener } = memoryTransport();
  const codecs = [jsonCodec()];
  let closed: Promise<unknown>;
  {
    await using server = createServer({ codecs, listeners: [listener] });
    const { address } = await server.listen('memory://a');
    await using client = await connect(address, { codecs, dialers: [dialer] });
    expect(client.state.name).toBe('ready');
    closed = Promise.all([server.closed, client.closed]);
  }
  await closed;
});
