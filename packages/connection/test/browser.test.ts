import { createServer } from '@stmp/connection';
import { createStreamEngine } from '@stmp/engine';
import { jsonCodec } from '@stmp/payload-json';
import { memoryPair, memoryTransport } from '@stmp/transport-memory';
import { afterEach, describe, expect, it } from 'vitest';
import * as browser from '../src/browser.js';
import * as whole from '../src/index.js';
import { outcome, TestService } from './helpers.js';

const codecs = [jsonCodec()];
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

async function listening(kind: 'stream' | 'message') {
  const { dialer, listener } = memoryTransport({ kind });
  const server = createServer({ codecs, listeners: [listener] });
  server.implement(TestService, { echo: ({ text }) => ({ text: `${text}!` }), touch: () => {}, fail: () => {} });
  await server.listen('memory://here');
  ending.push(() => server.close());
  return dialer;
}

describe('the entry for browsers', () => {
  it('has the names of the other', () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(whole).sort());
  });

  it('speaks over message links', async () => {
    const client = await browser.connect('memory://here', { codecs, dialers: [await listening('message')] });
    ending.push(() => client.close());
    expect(await client.service(TestService).echo({ text: 'a' })).toEqual({ text: 'a!' });
  });

  it('refuses a byte stream, once and for all, and closes the link', async () => {
    const dialers = [await listening('stream')];
    const client = browser.createClient('memory://here', { codecs, dialers });
    expect(await outcome(client.connect())).toBe('unsupported');
    expect(client.state.name).toBe('closed');
    const [near, far] = memoryPair({ kind: 'stream' });
    const closed = new Promise((resolve) => far.start({ onData: () => {}, onDrain: () => {}, onClose: resolve }));
    expect(await outcome(browser.connectLink(near, { codecs }))).toBe('unsupported');
    await closed;
  });

  it('takes an engine for byte streams', async () => {
    const options = { codecs, dialers: [await listening('stream')], streamEngine: createStreamEngine };
    const client = await browser.connect('memory://here', options);
    ending.push(() => client.close());
    expect(await client.service(TestService).echo({ text: 'a' })).toEqual({ text: 'a!' });
  });
});
