import { request } from 'node:https';
import selfsigned from 'selfsigned';
import { createClient } from 'stmp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRoomApp } from '../src/app.js';
import { createRoomClient } from '../src/room-client.js';

describe('the server with a certificate', () => {
  it('encrypts the page and all addresses', async () => {
    const made = await selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      curve: 'P-256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const tls = { cert: made.cert, key: made.private };
    const app = await startRoomApp({ tcpPort: 0, httpPort: 0, kcpPort: 0, tls });
    onTestFinished(() => app.close());
    expect(app.addresses.map((address) => address.split(':')[0])).toEqual(['wss', 'tls', 'kcps']);
    expect(app.pageUrl).toMatch(/^https:/);

    const users = await Promise.all(
      app.addresses.map(async (address, i) => {
        const user = createRoomClient(createClient(address, { tls: { ca: made.cert } }), { name: `user ${i}` });
        onTestFinished(() => user.logout());
        await user.start();
        return user;
      }),
    );
    await users[0]!.createRoom('lobby');
    for (const user of users) await user.join('lobby');
    for (const user of users) await user.send(`from ${user.name}`);
    await expect
      .poll(() => users.map(({ messages }) => messages.map(({ content }) => content).join()))
      .toEqual(users.map(() => 'from user 0,from user 1,from user 2'));
    for (const connection of app.server.stmp.connections) expect(connection.secure).toBe(true);

    const status = await new Promise((resolve, reject) => {
      const asked = request(new URL('/stmp', app.pageUrl), { ca: made.cert }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end();
    });
    expect(status).toBe(426);
  });

  it('gives its ports back', async () => {
    const app = await startRoomApp({ tcpPort: 0, httpPort: 0 });
    const httpPort = Number(new URL(app.pageUrl).port);
    await expect(startRoomApp({ tcpPort: 0, httpPort })).rejects.toThrow(/EADDRINUSE/);
    await app.close();
    const again = await startRoomApp({ tcpPort: 0, httpPort });
    await again.close();
  });
});
