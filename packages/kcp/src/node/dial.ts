import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createKcp } from '../create.js';
import type { KcpOptions } from '../options.js';
import { resolveKcpOptions } from '../options.js';
import { Endpoint } from './endpoint.js';
import { kcpError } from './errors.js';
import { checkPlace, integer, type KcpDialOptions, resolveSession } from './options.js';
import { resolveHost } from './resolve-host.js';
import { KcpDuplex } from './session.js';
import type { KcpSession } from './types.js';

/** Size to which the first datagrams are padded. */
const OPENING_BYTES = 400;

/**
 * Opens a session on a UDP socket of its own. Nothing is sent before the first write, and so nobody needs to
 * be there: the promise rejects only for want of an address or of a socket.
 *
 * @throws TypeError, RangeError for wrong options; the reason of an aborted `signal`; system errors.
 */
export async function dialKcp(options: KcpDialOptions): Promise<KcpSession> {
  checkPlace(options.host, options.port, 1);
  const settings = resolveSession(options);
  const conv = integer('conv', options.conv, randomU32(), 0, 0xffffffff);
  const mtuBytes = options.mtuBytes ?? 1400;
  const kcpOptions = (output: KcpOptions['output']): KcpOptions => ({
    ...options,
    conv,
    output,
    openingBytes: options.openingBytes ?? Math.min(OPENING_BYTES, mtuBytes),
    clockOffset: randomU32(),
    limitUntilProven: false,
  });
  resolveKcpOptions(kcpOptions(() => {}));
  const { signal, localPort, localAddress } = options;
  integer('localPort', localPort, 0, 0, 65_535);
  if (signal?.aborted) throw signal.reason;

  const socket = await open(options, signal);
  const endpoint = new Endpoint(socket);
  socket.unref();
  const place = {
    remoteAddress: socket.remoteAddress().address,
    remotePort: socket.remoteAddress().port,
    localAddress: socket.address().address ?? localAddress,
    localPort: socket.address().port,
  };
  const make = options.createKcp ?? createKcp;
  const kcp = make(kcpOptions((datagram) => endpoint.send(datagram)));
  const session = new KcpDuplex(kcp, endpoint, place, settings, {
    answered() {},
    gone: () => endpoint.close(),
  });
  // The socket is connected: the system hands over only what comes from the peer's address and port.
  socket.on('message', (datagram) => session.accept(datagram, endpoint.now));
  socket.on('error', (error: Error & { code?: string }) => {
    // Whoever has answered before is believed over a message from the network, which may be forged or pass.
    if (session.heard || error.code !== 'ECONNREFUSED') return;
    session.destroy(kcpError('KCP_REFUSED', 'nobody listens at the address', error));
  });
  return session;
}

async function open(options: KcpDialOptions, signal: AbortSignal | undefined): Promise<Socket> {
  const { address, family } = await race(resolveHost(options.host, options.lookup), signal);
  const bufferBytes = options.socketBufferBytes ?? 1_048_576;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
  });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(
      {
        port: options.localPort ?? 0,
        exclusive: true,
        ...(options.localAddress && { address: options.localAddress }),
      },
      () => {
        socket.connect(options.port, address, (error?: Error) => {
          socket.removeListener('error', reject);
          if (error) reject(error);
          else resolve();
        });
      },
    );
  });
  try {
    await race(connected, signal);
    return socket;
  } catch (error) {
    // An aborted attempt may fail still.
    socket.on('error', () => {});
    socket.close();
    throw error;
  }
}

function race<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function randomU32(): number {
  return randomBytes(4).readUInt32LE(0);
}
