import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ClientOptions, jsonCodec, msgpackCodec, type PayloadCodec, protobufCodec } from 'stmp';
import type { Args, OptionSpecs } from './args.js';
import { parseDuration } from './duration.js';
import { usage } from './exit-code.js';
import type { Io } from './io.js';

const CODECS: Readonly<Record<string, () => PayloadCodec>> = {
  protobuf: protobufCodec,
  msgpack: msgpackCodec,
  json: jsonCodec,
};

export const CONNECTION_OPTIONS: OptionSpecs = {
  header: { short: 'H', value: "'Name: value'", isRepeated: true, text: 'a header of the handshake; may be repeated' },
  codec: {
    value: 'NAME',
    choices: Object.keys(CODECS),
    text: 'protobuf, msgpack or json (default: protobuf; json with --text or without --proto)',
  },
  text: { text: 'text packets, over ws: and wss:' },
  gzip: { text: 'compression, over byte streams' },
  timeout: { value: 'TIME', text: 'how long connecting, and each call, may take: 500ms, 5s, 2m' },
  ca: { value: 'FILE', text: 'authorities to trust, PEM, for tls:, wss: and kcps:' },
  cert: { value: 'FILE', text: 'a certificate of your own, PEM; with --key' },
  key: { value: 'FILE', text: 'the key of --cert, PEM' },
  insecure: { text: 'accept any certificate; for tests only' },
};

/** What the arguments say about connections to `url`. */
export function clientOptionsOf(args: Args, url: string, io: Io): ClientOptions {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) throw usage(`the address must be a URL such as tcp://localhost:5001, not ${url}`);
  const isWebSocket = scheme === 'ws' || scheme === 'wss';
  if (args.has('text') && !isWebSocket) throw usage(`--text is for ws: and wss:, not ${scheme}:`);
  if (args.has('gzip') && isWebSocket) throw usage(`--gzip is for byte streams, not ${scheme}:`);
  const headers = args.all('header').map(readHeader);
  const { tls, tcp, ws, kcp, ...options }: ClientOptions = {
    codecs: [codecOf(args)],
    packetFormat: args.has('text') ? 'text' : 'binary',
    gzip: args.has('gzip'),
    tls: tlsOf(args, scheme, io.cwd),
    // In the HTTP request, not in the query of its URL, which servers write into their logs.
    ...(isWebSocket ? { ws: { headers: fieldsOf(headers) } } : { headers }),
    ...timeoutsOf(args, isWebSocket ? fieldsOf(headers) : undefined),
    ...io.clientOptions,
  };
  // Dialers that were brought along have options of their own.
  return options.dialers === undefined ? { ...options, tls, tcp, ws, kcp } : options;
}

function codecOf(args: Args): PayloadCodec {
  const isTyped = args.all('proto').length > 0;
  const name = args.one('codec') ?? (args.has('text') || !isTyped ? 'json' : 'protobuf');
  if (name !== 'json' && args.has('text')) throw usage(`--text needs --codec json, not ${name}`);
  if (name === 'protobuf' && !isTyped) throw usage('--codec protobuf needs --proto');
  return codecNamed(name);
}

/** @param name One of the choices of `--codec`. */
export const codecNamed = (name: string): PayloadCodec => CODECS[name]!();

/** The codec of a content type, where there is one. */
export function codecFor(contentType: string | undefined): PayloadCodec | undefined {
  return Object.values(CODECS)
    .map((make) => make())
    .find((codec) => codec.contentType === contentType?.toLowerCase());
}

function readHeader(line: string): readonly [string, string] {
  const [, name, value] = /^([^:\s][^:]*):\s*(.*)$/s.exec(line) ?? [];
  if (name === undefined) throw usage(`--header must be 'Name: value', not ${line}`);
  return [name.trim(), value!];
}

function fieldsOf(headers: readonly (readonly [string, string])[]): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    const same = Object.keys(fields).find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
    fields[same] = [...(fields[same] ?? []), value];
  }
  return fields;
}

function tlsOf(args: Args, scheme: string, cwd: string): ClientOptions['tls'] {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((option) => {
    const file = args.one(option);
    return file === undefined ? undefined : readText(option, resolve(cwd, file));
  });
  const isInsecure = args.has('insecure');
  if ([ca, cert, key].every((each) => each === undefined) && !isInsecure) return undefined;
  if (!/^(tls|wss|kcps)$/.test(scheme))
    throw usage(`--ca, --cert, --key and --insecure are for tls:, wss: and kcps:, not ${scheme}:`);
  if ((cert === undefined) !== (key === undefined)) throw usage('--cert and --key need each other');
  return { ca, cert, key, ...(isInsecure && { rejectUnauthorized: false }) };
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usage(`--${option}: ${(error as Error).message}`);
  }
}

/** One time for all: the transports' own limits give way to it. */
function timeoutsOf(args: Args, wsHeaders: Record<string, string[]> | undefined): ClientOptions {
  const text = args.one('timeout');
  if (text === undefined) return {};
  const timeoutMs = parseDuration('timeout', text);
  const transport = { connectTimeoutMs: 0 };
  return {
    connectTimeoutMs: timeoutMs,
    handshakeTimeoutMs: timeoutMs,
    callTimeoutMs: timeoutMs,
    tcp: transport,
    kcp: transport,
    ws: { ...transport, headers: wsHeaders },
  };
}
