import { defineService, method, Status, statusError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { memoryTransport } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { createClient, createServer, type ServerOptions } from '../src/index.js';

const Login = defineService('test.LoginService', {
  login: method<{ name: string }, { token: string }>(),
  who: method<{ a?: number }, { name: string }>(),
});

async function world(options: Partial<ServerOptions> = {}) {
  const { dialer, listener } = memoryTransport();
  const codecs = [jsonCodec()];
  const server = createServer<undefined, { name: string }>({
    ...(options as object),
    codecs,
    listeners: [listener],
    state: () => ({ name: '' }),
  });
  server.implement(Login, {
    login({ name }, { connection }) {
      if (name === 'taken') throw statusError(Status.BadRequest, 'name is taken');
      connection.state.name = name;
      return { token: `t-${name}` };
    },
    who: (_, { connection }) => ({ name: connection.state.name }),
  });
  const { address } = await server.listen('memory://a');
  const client = createClient(address, { codecs, dialers: [dialer], reconnect: () => 1 });
  return { server, client };
}

describe('session hooks', () => {
  it("come before the client's own calls", async () => {
    const { server, client } = await world();
    const early: Promise<unknown>[] = [];
    client.onSession(async (connection) => {
      // Whoever calls meanwhile waits, or learns that there is no connection yet.
      early.push(client.service(Login).who({}, { whenOffline: 'wait' }));
      early.push(
        client
          .service(Login)
          .who({})
          .catch((error: { code: string }) => error.code),
      );
      expect(client.connection).toBeUndefined();
      await connection.service(Login).login({ name: 'ada' });
    });
    await client.connect();
    expect(await Promise.all(early)).toEqual([{ name: 'ada' }, 'not_connected']);
    await client.close();
    await server.close();
  });

  it('end the client for good when the server refuses', async () => {
    const { server, client } = await world();
    let runs = 0;
    client.onSession(async (connection) => {
      runs++;
      await connection.service(Login).login({ name: 'taken' });
    });
    await expect(client.connect()).rejects.toMatchObject({
      code: 'status',
      status: Status.BadRequest,
      message: 'name is taken',
    });
    expect(await client.closed).toMatchObject({ status: Status.BadRequest });
    expect(runs).toBe(1);
    await server.close();
  });

  it('keep calls on the connection before until they are done, when the server asks to move', async () => {
    const { server, client } = await world();
    let release: (() => void) | undefined;
    client.onSession(async (connection, { number }) => {
      await connection.service(Login).login({ name: `session ${number}` });
      if (number === 2) await new Promise<void>((resolve) => (release = resolve));
    });
    await client.connect();
    const [first] = server.connections;
    // What `drain` does to one connection, while the address stays open.
    (first as unknown as { engine: { askToDrain(): boolean }; wrote(): void }).engine.askToDrain();
    (first as unknown as { wrote(): void }).wrote();
    await expect.poll(() => release !== undefined).toBe(true);
    expect(await client.service(Login).who({})).toEqual({ name: 'session 1' });
    release?.();
    await expect.poll(() => client.state.name).toBe('ready');
    expect(await client.service(Login).who({})).toEqual({ name: 'session 2' });
    await client.close();
    await server.close();
  });
});
