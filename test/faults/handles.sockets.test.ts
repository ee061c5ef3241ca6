import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { dialKcp } from '@stmp/kcp/node';
import selfsigned from 'selfsigned';
import { connect, createServer, type Server, type TlsClientOptions, type TlsServerOptions } from 'stmp';
import { eventually } from 'test-kit';
import { afterEach, describe, expect, it } from 'vitest';

async function makeCertificate(name: string): Promise<{ cert: string; key: string }> {
  const made = await selfsigned.generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  return { cert: made.cert, key: made.private };
}

const own = await makeCertificate('server');
const stranger = await makeCertificate('stranger');

interface Handle {
  readonly localPort?: number;
  readonly remotePort?: number;
}

/** TCP sockets of this process to or from `port`, but those of the attacker. */
function left(port: number, attackers: ReadonlySet<number>): string[] {
  const handles = (process as unknown as { _getActiveHandles(): Handle[] })._getActiveHandles();
  return handles
    .filter((one) => (one.localPort === port || one.remotePort === port) && !attackers.has(one.localPort ?? 0))
    .map((one) => `${one.localPort} to ${one.remotePort}`);
}

const udpSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

type Scheme = 'tcp' | 'tls' | 'ws' | 'wss' | 'kcp' | 'kcps';

interface Bench {
  readonly server: Server;
  readonly address: string;
  readonly port: number;
  /** Ports of the attacker. */
  readonly attackers: ReadonlySet<number>;
  /** A bare path to the server, as an attacker has it. */
  raw(): Promise<Duplex>;
  /** The same with TLS inside, its handshake done. */
  secured(options?: ConnectionOptions): Promise<TLSSocket>;
}

async function bench(scheme: Scheme, tls: Partial<TlsServerOptions> = {}, handshakeTimeoutMs = 500): Promise<Bench> {
  const server = createServer({ handshakeTimeoutMs });
  const secure = scheme === 'tls' || scheme === 'wss' || scheme === 'kcps';
  const listening = await server.listen(`${scheme}://127.0.0.1:0`, {
    ...(secure && { tls: { ...own, handshakeTimeoutMs, ...tls } }),
    ...(scheme.startsWith('ws') && { handshakeTimeoutMs }),
  });
  cleanups.push(() => server.close());
  const port = Number(new URL(listening.address).port);
  const attackers = new Set<number>();
  const keep = <T extends Duplex>(stream: T): T => {
    stream.on('error', () => {});
    cleanups.push(() => stream.destroy());
    return stream;
  };
  const raw = async (): Promise<Duplex> => {
    if (scheme.startsWith('kcp')) return keep(await dialKcp({ host: '127.0.0.1', port }));
    const socket = keep(connectSocket({ host: '127.0.0.1', port }));
    await new Promise((resolve) => socket.once('connect', resolve));
    attackers.add(socket.localPort as number);
    return socket;
  };
  const secured = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = keep(connectTls({ ...options, socket: await raw(), rejectUnauthorized: false }));
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    return socket;
  };
  return { server, address: listening.address, port, attackers, raw, secured };
}

const BAD_RECORD = Buffer.concat([Buffer.from('1703030028', 'hex'), Buffer.alloc(40, 7)]);

interface Fault {
  readonly name: string;
  readonly schemes: readonly Scheme[];
  readonly tls?: Partial<TlsServerOptions>;
  /** What the attacker does; it does not close anything itself. */
  run(bench: Bench): Promise<void>;
}

const SECURE = ['tls', 'wss', 'kcps'] as const;
const ALL = ['tcp', 'ws', 'kcp', ...SECURE] as const;

/** What a stranger leaves unfinished when the server closes. */
const UNFINISHED: readonly Fault[] = [
  { name: 'nothing', schemes: ALL, run: async (at) => void (await at.raw()) },
  {
    name: 'the beginning of a TLS handshake',
    schemes: SECURE,
    run: async (at) => void (await at.raw()).write(Buffer.of(0x16, 3, 1)),
  },
  { name: 'a TLS handshake', schemes: SECURE, run: async (at) => void (await at.secured()) },
  {
    name: 'the beginning of an upgrade',
    schemes: ['ws'],
    run: async (at) => void (await at.raw()).write('GET / HTTP/1.1\r\nHost: a\r\n'),
  },
  {
    name: 'the beginning of a handshake',
    schemes: ['tcp', 'kcp'],
    run: async (at) => void (await at.raw()).write('STM'),
  },
];

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const FAULTS: readonly Fault[] = [
  {
    name: 'a bad record after the TLS handshake',
    schemes: SECURE,
    async run(at) {
      const raw = await at.raw();
      const socket = connectTls({ socket: raw, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      raw.write(BAD_RECORD);
    },
  },
  {
    name: 'a bad record after a TLS 1.3 handshake',
    schemes: SECURE,
    async run(at) {
      const raw = await at.raw();
      const socket = connectTls({ socket: raw, rejectUnauthorized: false });
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('session', resolve));
      raw.write(BAD_RECORD);
    },
  },
  {
    name: 'a bad record instead of a TLS handshake',
    schemes: SECURE,
    async run(at) {
      (await at.raw()).write(BAD_RECORD);
    },
  },
  {
    name: 'silence before the TLS handshake',
    schemes: SECURE,
    async run(at) {
      (await at.raw()).write(Buffer.of(0x16));
    },
  },
  {
    name: 'silence after the TLS handshake',
    schemes: SECURE,
    async run(at) {
      await at.secured();
    },
  },
  {
    name: 'renegotiation again and again',
    schemes: SECURE,
    async run(at) {
      const socket = await at.secured({ maxVersion: 'TLSv1.2' });
      let done = 0;
      for (let i = 0; i < 5; i++) {
        const offered = socket.renegotiate({ rejectUnauthorized: false }, (error) => {
          if (error === null) done++;
        });
        if (!offered) break;
        await rest(20);
      }
      expect(done).toBe(0);
    },
  },
  {
    name: 'a client without the certificate that is asked for',
    schemes: SECURE,
    tls: { requestCert: true, ca: own.cert },
    async run(at) {
      const why = await dial(at, { ca: own.cert });
      expect(why).toMatch(/certificate/i);
      expect(why).not.toContain('routines');
    },
  },
  {
    name: 'a client with a certificate of a stranger',
    schemes: SECURE,
    tls: { requestCert: true, ca: own.cert },
    async run(at) {
      // Node.js checks it after TLS's own handshake, and sends no alert: the client learns that it failed, not why.
      await dial(at, { ca: own.cert, ...stranger });
    },
  },
  {
    name: 'a client that does not trust the server',
    schemes: SECURE,
    async run(at) {
      expect(await dial(at, { ca: stranger.cert })).toMatch(/certificate|SELF_SIGNED/i);
    },
  },
  {
    name: 'garbage instead of a handshake',
    schemes: ALL,
    async run(at) {
      const socket = SECURE.includes(at.address.split(':')[0] as 'tls') ? await at.secured() : await at.raw();
      socket.write('nonsense, nothing but nonsense\r\n\r\n');
    },
  },
  {
    name: 'silence from the beginning',
    schemes: ALL,
    async run(at) {
      await at.raw();
    },
  },
];

/** @returns why the client could not connect. */
async function dial(at: Bench, tls: TlsClientOptions): Promise<string> {
  const error = await connect(at.address, { tls }).then(
    () => undefined,
    (failure: Error) => failure,
  );
  expect(error).toBeInstanceOf(Error);
  return String(error?.message);
}

describe('after five seconds nothing is left, on either side, of', () => {
  for (const fault of FAULTS) {
    it.each([...fault.schemes])(`${fault.name}: %s`, async (scheme) => {
      const before = udpSockets();
      const at = await bench(scheme, fault.tls);
      await fault.run(at);
      await eventually(() => expect(left(at.port, at.attackers)).toEqual([]));
      await at.server.close();
      for (const clean of cleanups.splice(0).reverse()) await clean();
      await eventually(() => expect(udpSockets()).toBe(before));
    });
  }
});

describe.each(['close', 'drain'] as const)('%s ends at once what a stranger has begun with', (how) => {
  for (const fault of UNFINISHED) {
    it.each([...fault.schemes])(`${fault.name}: %s`, async (scheme) => {
      const before = udpSockets();
      const at = await bench(scheme, {}, 60_000);
      await fault.run(at);
      // A turn of the loop or two for what was sent to arrive.
      await rest(20);
      await (how === 'close' ? at.server.close() : at.server.drain({ withinMs: 0, graceMs: 0 }));
      await eventually(() => expect(left(at.port, at.attackers)).toEqual([]));
      for (const clean of cleanups.splice(0).reverse()) await clean();
      await eventually(() => expect(udpSockets()).toBe(before));
    });
  }
});
