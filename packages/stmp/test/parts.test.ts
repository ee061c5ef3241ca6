// Other people's parts are taken as our own.
import { type Compression, isStmpError, type Listener } from '@stmp/contract';
import {
  connect,
  createClient,
  createServer,
  defaultCodecs,
  defaultCompressions,
  defaultDialers,
  defaultListeners,
  jsonCodec,
  memoryTransport,
  msgpackCodec,
} from 'stmp';
import { describe, expect, it } from 'vitest';

const { dialer, listener } = memoryTransport();
const loud = (schemes: string[]) => ({ ...listener, schemes });
const url = 'memory://parts';

describe('parts of others', () => {
  it('stand beside the default ones', async () => {
    const server = createServer({
      listeners: [...defaultListeners(), listener],
      compressions: [...defaultCompressions()],
      codecs: [...defaultCodecs()],
    });
    await server.listen(url);
    const client = await connect(url, { dialers: [...defaultDialers(), dialer], compressions: defaultCompressions() });
    expect(client.connection?.encoding).toBe('gzip');
    await client.close();
    await server.close();
  });

  it.each(['MEMORY://parts', 'Memory://parts'])('are found by %s, and by schemes in any case', async (address) => {
    const server = createServer({ listeners: [loud(['MeMory'])] });
    await server.listen(address);
    const client = await connect(address, { dialers: [{ ...dialer, schemes: ['MEMORY'] }] });
    expect(client.state.name).toBe('ready');
    await client.close();
    await server.close();
  });

  it('of one scheme are an error: one would never be used', () => {
    const twice = 'must have one for each scheme, got two for';
    expect(() => createServer({ listeners: [listener, listener] })).toThrow(`listeners ${twice} memory:`);
    expect(() => createServer({ listeners: [...defaultListeners(), loud(['TCP'])] })).toThrow(`${twice} tcp:`);
    expect(() => createClient(url, { dialers: [dialer, dialer] })).toThrow(TypeError);
  });

  it('that are missing are told with those that are there', async () => {
    const server = createServer({ listeners: [listener] });
    await expect(server.listen('tcp://127.0.0.1:0')).rejects.toThrow('known schemes: memory');
    await expect(connect('ftp://x')).rejects.toThrow('known schemes: tcp, tls, ws, wss, kcp, kcps, unix');
    await server.close();
  });
});

describe('an option beside the list that takes its place', () => {
  const mine: Compression = { ...defaultCompressions()[0]!, encoding: 'mine' };
  it.each(['tls', 'tcp', 'ws', 'kcp', 'unix'])('%s is an error beside dialers or listeners', (name) => {
    expect(() => createClient(url, { dialers: [dialer], [name]: {} })).toThrow(`what ${name} is for`);
    expect(() => createServer({ listeners: [listener], [name]: {} })).toThrow('defaultListeners(options)');
  });

  it('gzip is an error beside compressions, unless it is false', () => {
    expect(() => createServer({ compressions: [mine], gzip: true })).toThrow(TypeError);
    expect(() => createClient(url, { compressions: [mine], gzip: true })).toThrow('defaultCompressions()');
    expect(() => createServer({ compressions: [mine], gzip: false })).not.toThrow();
  });
});

it('a refused content type says what was offered', async () => {
  const server = createServer({ codecs: [jsonCodec()], listeners: [listener] });
  await server.listen(url);
  const refused = await connect(url, { codecs: [msgpackCodec()], dialers: [dialer] }).catch((error: unknown) => error);
  expect(isStmpError(refused) && refused.message).toContain(
    'expected Accept to name one of application/json, got "application/msgpack"',
  );
  await server.close();
});

/** Held by the compiler: the options of `listen` follow from its address. */
export function listenOptions(mine: Listener<{ colour: string }>): void {
  const server = createServer({ listeners: [...defaultListeners(), mine] });
  void server.listen('unix:///x', { mode: 0o600 });
  void server.listen('UNIX:///x', { mode: 0o600 });
  void server.listen(`tcp://127.0.0.1:${1}`, { ipv6Only: true });
  void server.listen('mine://x', { colour: 'red' });
  // @ts-expect-error: no option of Unix sockets
  void server.listen('unix:///x', { ipv6Only: true });
  // @ts-expect-error: misspelled
  void server.listen('tcp://127.0.0.1:0', { backLog: 5 });
}
