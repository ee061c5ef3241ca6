// One options object serves all addresses: whether a connection is encrypted is decided by its address alone.
import { connect, createServer } from 'stmp';
import { afterEach, expect, it } from 'vitest';
import { EchoService } from '../generated/interop.js';
import { certificate } from './rows.js';
import { implementEcho } from './service.js';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const part of open.splice(0)) await part.close();
});

const made = certificate();
const ADDRESSES = ['tcp', 'tls', 'ws', 'wss', 'kcp', 'kcps'].map((scheme) => `${scheme}://127.0.0.1:0`);

it.each(ADDRESSES)('tls is set, the address is %s', async (address) => {
  const tls = await made;
  // The same, once for all addresses and once for this one.
  for (const [common, own] of [
    [{ tls }, undefined],
    [{}, { tls }],
  ]) {
    const server = createServer({ ...common });
    open.push(server);
    implementEcho(server);
    const listening = await server.listen(address, own);
    const client = await connect(listening.address, { tls: { ca: tls.cert } });
    open.unshift(client);
    expect(await client.service(EchoService).echo({ text: 'a' })).toMatchObject({ text: 'a' });
    const isSecure = /^(tls|wss|kcps):/.test(address);
    expect(client.connection?.secure).toBe(isSecure);
    expect([...server.connections].map(({ secure }) => secure)).toEqual([isSecure]);
    expect('reloadTls' in listening).toBe(isSecure);
  }
});
