// The transports of the connection table, for Node.js.
import { tmpdir } from 'node:os';
import { gzipCompression } from '@stmp/compression-gzip';
import type { Compression, Dialer, Listener, PayloadCodec } from '@stmp/contract';
import { cborCodec } from '@stmp/payload-cbor';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { kcpDialer, kcpListener } from '@stmp/transport-kcp';
import { memoryTransport } from '@stmp/transport-memory';
import { type PortLike, portDialer, portListener } from '@stmp/transport-port';
import { stdioDialer } from '@stmp/transport-stdio';
import { tcpDialer, tcpListener } from '@stmp/transport-tcp';
import { unixDialer, unixListener } from '@stmp/transport-unix';
import { wsDialer } from '@stmp/transport-ws';
import { wsListener } from '@stmp/transport-ws/server';
import { generate } from 'selfsigned';

export interface Row {
  readonly name: string;
  readonly address: string;
  readonly dialer: Dialer;
  readonly listener: Listener;
  readonly secure: boolean;
  readonly compressions: readonly Compression[];
  readonly packetFormat: 'binary' | 'text';
  readonly codecs: readonly PayloadCodec[];
}

export async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  return { cert: made.cert, key: made.private };
}

/** Cuts into pieces of 1 to 13 bytes, and large units into larger ones. */
function* crumbs(unit: Uint8Array): Generator<Uint8Array> {
  const step = Math.ceil(unit.length / 20_000);
  for (let at = 0, size = 1; at < unit.length; at += size * step, size = (size % 13) + 1)
    yield unit.subarray(at, at + size * step);
}

const unixAddress = (name: string): string => {
  const file = `stmp-table-${process.pid}-${name}`;
  return process.platform === 'win32' ? `unix://./pipe/${file}` : `unix:${tmpdir()}/${file}`;
};

/** Takes what it is told to a socket, and what comes back. */
const RELAY = `
  const socket = require('node:net').connect(process.argv[1]);
  process.stdin.pipe(socket).pipe(process.stdout);
  socket.on('error', () => {}).on('close', () => process.stdin.destroy());`;

/** Dials a child, which dials the listener. */
const throughChild: Dialer = {
  schemes: ['unix'],
  dial(address, options) {
    const path = address.slice('unix:'.length);
    return stdioDialer({ command: process.execPath, args: ['-e', RELAY, path] }).dial('stdio:', options);
  },
};

export async function tableRows(): Promise<Row[]> {
  const tls = await certificate();
  const ca = { tls: { ca: tls.cert } };
  // A kill does not travel: silence tells.
  const kcp = { preset: 'fast', idleTimeoutMs: 2_000 } as const;
  const rows: Row[] = [];
  const row = (name: string, address: string, dialer: Dialer, listener: Listener, more: Partial<Row> = {}): void => {
    rows.push({
      name,
      address,
      dialer,
      listener,
      secure: /^(tls|wss|kcps):/.test(address),
      compressions: [],
      packetFormat: 'binary',
      codecs: [protobufCodec(), msgpackCodec(), jsonCodec()],
      ...more,
    });
  };
  const memory = (kind: 'stream' | 'message', chunk?: typeof crumbs) => {
    const { dialer, listener } = memoryTransport({ kind, chunk });
    return ['memory://table', dialer, listener] as const;
  };
  const tcpAt = (scheme: 'tcp' | 'tls') =>
    [`${scheme}://127.0.0.1:0`, tcpDialer(scheme === 'tls' ? ca : {}), tcpListener({ tls })] as const;
  const wsAt = (scheme: 'ws' | 'wss') =>
    [`${scheme}://127.0.0.1:0/table`, wsDialer(scheme === 'wss' ? ca : {}), wsListener({ tls })] as const;
  const kcpAt = (scheme: 'kcp' | 'kcps') =>
    [
      `${scheme}://127.0.0.1:0`,
      kcpDialer(scheme === 'kcps' ? { ...kcp, ...ca } : kcp),
      kcpListener({ ...kcp, tls }),
    ] as const;
  const portAt = () => {
    const { port1, port2 } = new MessageChannel() as unknown as { port1: PortLike; port2: PortLike };
    return ['port:table', portDialer(port1), portListener(port2)] as const;
  };
  const gzip = { compressions: [gzipCompression()] };

  row('memory, stream', ...memory('stream'));
  row('memory, stream in crumbs', ...memory('stream', crumbs));
  row('memory, message', ...memory('message'));
  row('memory, message, text', ...memory('message'), { packetFormat: 'text', codecs: [jsonCodec()] });
  row('memory, message, CBOR', ...memory('message'), { codecs: [cborCodec()] });
  row('memory, stream, gzip, in crumbs', ...memory('stream', crumbs), gzip);
  row('tcp', ...tcpAt('tcp'));
  row('tls', ...tcpAt('tls'));
  row('ws', ...wsAt('ws'));
  row('wss', ...wsAt('wss'));
  row('ws, text', ...wsAt('ws'), { packetFormat: 'text', codecs: [jsonCodec()] });
  row('tcp, gzip', ...tcpAt('tcp'), gzip);
  row('tls, gzip', ...tcpAt('tls'), gzip);
  row('port', ...portAt());
  row('port, text', ...portAt(), { packetFormat: 'text', codecs: [jsonCodec()] });
  row('unix', unixAddress('plain'), unixDialer(), unixListener());
  row('unix, gzip', unixAddress('gzip'), unixDialer(), unixListener(), gzip);
  // One codec: each connection is a process.
  row('stdio', unixAddress('child'), throughChild, unixListener(), { codecs: [msgpackCodec()] });
  row('kcp', ...kcpAt('kcp'));
  row('kcps', ...kcpAt('kcps'));
  row('kcp, gzip', ...kcpAt('kcp'), gzip);
  return rows;
}
