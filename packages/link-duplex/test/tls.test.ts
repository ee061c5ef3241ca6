import { constants } from 'node:crypto';
import { Duplex, type DuplexOptions } from 'node:stream';
import {
  createTlsAcceptor,
  createTlsClient,
  duplexLink,
  type NodeDuplex,
  nodeTlsOptions,
  resolveTlsServerOptions,
  type TlsClientOptions,
  type TlsServerOptions,
} from '@stmp/link-duplex';
import selfsigned from 'selfsigned';
import { describe, expect, it } from 'vitest';

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

async function certificate(name: string): Promise<Certificate> {
  const made = await selfsigned.generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  });
  return { cert: made.cert, key: made.private };
}

const server = await certificate('server.test');
const renewed = await certificate('renewed.test');
const client = await certificate('client.test');
const stranger = await certificate('stranger.test');

/** Two ends in memory that are no sockets, as a KCP session is none. */
function pipe(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (own: number): Duplex => {
    const options: DuplexOptions = {
      read() {},
      write(chunk, _, done) {
        setImmediate(() => {
          const other = ends[1 - own];
          if (other !== undefined && !other.destroyed) other.push(chunk);
          done();
        });
      },
      final(done) {
        ends[1 - own]?.push(null);
        done();
      },
      destroy(error, done) {
        const other = ends[1 - own];
        if (other !== undefined && !other.destroyed) setImmediate(() => other.destroy());
        done(error);
      },
    };
    return new Duplex(options);
  };
  ends.push(make(0), make(1));
  return [ends[0] as Duplex, ends[1] as Duplex];
}

interface Outcome {
  readonly secured: NodeDuplex | undefined;
  readonly clientError: Error | undefined;
  readonly accepted: { secured: NodeDuplex; raw: NodeDuplex } | undefined;
  readonly refused: { error: Error; raw: NodeDuplex } | undefined;
  readonly raw: [Duplex, Duplex];
}

/** One handshake; resolves when both ends know. */
async function handshake(
  serverOptions: TlsServerOptions,
  clientOptions: TlsClientOptions,
  host = 'server.test',
): Promise<Outcome> {
  const raw = pipe();
  let accepted: Outcome['accepted'];
  let refused: Outcome['refused'];
  const known = new Promise<void>((resolve) => {
    const acceptor = createTlsAcceptor(serverOptions, {
      onSecure(secured, from) {
        accepted = { secured, raw: from };
        secured.on('error', () => {});
        resolve();
      },
      onFail(error, from) {
        refused = { error, raw: from };
        resolve();
      },
    });
    acceptor.accept(raw[1]);
  });
  const result = await createTlsClient(clientOptions)
    .connect(raw[0], host)
    .then(
      (secured) => ({ secured, clientError: undefined }),
      (clientError: Error) => ({ secured: undefined, clientError }),
    );
  await known;
  return { ...result, accepted, refused, raw };
}

describe('TLS over any duplex', () => {
  it('carries a link, which ends in order', async () => {
    const { secured, accepted, raw } = await handshake(server, { ca: server.cert });
    expect(accepted?.raw).toBe(raw[1]);
    const a = duplexLink(secured as NodeDuplex);
    const b = duplexLink(accepted?.secured as NodeDuplex);
    expect(a).toMatchObject({ secure: true, safeWriteBytes: 16_384 });
    const lines: string[] = [];
    const ended = new Promise<void>((resolve) => {
      b.start({
        onData: (unit) => lines.push(Buffer.from(unit).toString()),
        onDrain() {},
        onClose(reason) {
          lines.push(`close ${reason?.code}`);
          resolve();
        },
      });
    });
    a.start({ onData() {}, onDrain() {}, onClose() {} });
    a.send(new TextEncoder().encode('hello'));
    await a.close();
    await ended;
    expect(lines).toEqual(['hello', 'close undefined']);
  });

  it('shows certificates to the peer of the link', async () => {
    const { secured, accepted } = await handshake(
      { ...server, requestCert: true, ca: client.cert },
      { ca: server.cert, ...client },
    );
    const a = duplexLink(secured as NodeDuplex);
    const b = duplexLink(accepted?.secured as NodeDuplex);
    expect(a.peer.certificate).toMatchObject({ subject: { CN: 'server.test' } });
    expect(b.peer.certificate).toMatchObject({ subject: { CN: 'client.test' } });
    expect(b.peer.authorized).toBe(true);
    secured?.destroy();
  });

  it('has no certificate to show when none was sent', async () => {
    const { secured, accepted } = await handshake(server, { ca: server.cert });
    const { peer } = duplexLink(accepted?.secured as NodeDuplex);
    expect(peer.certificate).toBeUndefined();
    expect(peer.authorized).toBe(false);
    secured?.destroy();
  });

  it('refuses a client without a certificate, or with a strange one', async () => {
    const demanding = { ...server, requestCert: true, ca: client.cert };
    for (const options of [{ ca: server.cert }, { ca: server.cert, ...stranger }]) {
      const { accepted, refused, raw } = await handshake(demanding, options);
      expect(accepted).toBeUndefined();
      expect(refused?.raw).toBe(raw[1]);
      expect(refused?.error).toBeInstanceOf(Error);
    }
  });

  it('takes a client without a certificate when it may', async () => {
    const { accepted } = await handshake(
      { ...server, requestCert: true, ca: client.cert, rejectUnauthorized: false },
      { ca: server.cert },
    );
    expect(duplexLink(accepted?.secured as NodeDuplex).peer.authorized).toBe(false);
    accepted?.secured.destroy();
  });

  it.each<[string, TlsClientOptions, string, string | undefined]>([
    ['an authority that is not trusted', {}, 'server.test', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['another name', { ca: server.cert }, 'other.test', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['another IP address', { ca: server.cert }, '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['a servername in place of the host', { ca: server.cert, servername: 'server.test' }, '127.0.0.1', undefined],
    [
      'a servername that does not fit',
      { ca: server.cert, servername: 'x.test' },
      'server.test',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['nothing checked', { rejectUnauthorized: false }, 'other.test', undefined],
    ['a check of its own', { ca: server.cert, checkServerIdentity: () => undefined }, 'other.test', undefined],
  ])('the client judges the server: %s', async (_, options, host, code) => {
    const { secured, clientError } = await handshake(server, options, host);
    expect((clientError as { code?: string } | undefined)?.code).toBe(code);
    expect(secured !== undefined).toBe(code === undefined);
    secured?.destroy();
  });

  it('agrees on an application protocol', async () => {
    const { secured, accepted } = await handshake(
      { ...server, alpnProtocols: ['a', 'stmp'] },
      { ca: server.cert, alpnProtocols: ['stmp'] },
    );
    expect(secured).toMatchObject({ alpnProtocol: 'stmp' });
    expect(accepted?.secured).toMatchObject({ alpnProtocol: 'stmp' });
    secured?.destroy();
  });

  it('refuses a client that is too old', async () => {
    const { refused, clientError } = await handshake(
      { ...server, minVersion: 'TLSv1.3' },
      { ca: server.cert, maxVersion: 'TLSv1.2' },
    );
    expect(refused).toBeDefined();
    expect(clientError).toBeDefined();
  });

  it('reloads certificates for new connections', async () => {
    const raw = pipe();
    const acceptor = createTlsAcceptor(server, { onSecure() {}, onFail() {} });
    acceptor.reload(renewed);
    acceptor.accept(raw[1]);
    const secured = await createTlsClient({ ca: renewed.cert }).connect(raw[0], 'renewed.test');
    expect(duplexLink(secured).peer.certificate).toMatchObject({ subject: { CN: 'renewed.test' } });
    expect(() => acceptor.reload({ cert: 'nonsense', key: 'nonsense' })).toThrow(TypeError);
    secured.destroy();
  });

  it('drops a client that stays silent', async () => {
    const raw = pipe();
    const error = await new Promise<Error>((resolve) => {
      createTlsAcceptor({ ...server, handshakeTimeoutMs: 20 }, { onSecure() {}, onFail: resolve }).accept(raw[1]);
    });
    expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
    expect(raw[1].destroyed).toBe(true);
  });

  it('refuses what is no TLS', async () => {
    const raw = pipe();
    const error = await new Promise<Error>((resolve) => {
      createTlsAcceptor(server, { onSecure() {}, onFail: resolve }).accept(raw[1]);
      raw[0].on('error', () => {});
      raw[0].write('STMP\x10\x00\x00');
    });
    expect(error).toBeInstanceOf(Error);
    expect(raw[1].destroyed).toBe(true);
  });

  it('stops a handshake by signal, and when the other end goes away', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const [silent] = pipe();
    const connecting = createTlsClient().connect(silent, 'server.test', controller.signal);
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    expect(silent.destroyed).toBe(true);

    const [late] = pipe();
    await expect(createTlsClient().connect(late, 'server.test', controller.signal)).rejects.toBe(reason);

    const [here, there] = pipe();
    const cut = createTlsClient().connect(here, 'server.test');
    setImmediate(() => there.destroy());
    await expect(cut).rejects.toThrow();
  });
});

describe('TLS options', () => {
  it.each([
    [{ certificate: 'x' }, 'tls.certificate is not an option'],
    [{ cert: 'nonsense', key: 'nonsense' }, 'tls: certificates and keys cannot be used'],
    [{ cert: server.cert, key: client.key }, 'tls: certificates and keys cannot be used'],
    [{ minVersion: 'TLSv1.1' }, "tls.minVersion must be 'TLSv1.2' or 'TLSv1.3', got TLSv1.1"],
    [5, 'tls must be an object of options, got number'],
    [null, 'tls must be an object of options, got null'],
  ])('%# are refused', (options, message) => {
    expect(() => nodeTlsOptions(options as TlsClientOptions)).toThrow(TypeError);
    expect(() => nodeTlsOptions(options as TlsClientOptions)).toThrow(message);
  });

  it('of a server need a certificate and a sane timeout', () => {
    expect(() => resolveTlsServerOptions({ cert: server.cert })).toThrow('tls must have cert and key, or pfx');
    expect(() => resolveTlsServerOptions({ ...server, handshakeTimeoutMs: 0 })).toThrow(RangeError);
    expect(resolveTlsServerOptions(server)).toMatchObject({ handshakeTimeout: 10_000 });
  });

  it('are those of node:tls, without what is undefined', () => {
    expect(nodeTlsOptions({ ca: server.cert, servername: undefined, alpnProtocols: ['x'] })).toEqual({
      ca: server.cert,
      ALPNProtocols: ['x'],
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    });
  });
});
