import { type Compression, type Headers, Status } from '@stmp/contract';
import { type ClientHandshake, encodeServerHandshake, type HandshakeLimits, readClientHandshake } from '@stmp/packet';
import { EXTENSIONS, type Extension, extensionList } from './extensions.js';
import type { Handshake } from './handshake.js';
import {
  checkVersionHeader,
  chooseCompression,
  chooseContent,
  extensionsOf,
  handshakeError,
  type OfferedContent,
  packetFormat,
  valuesOf,
} from './negotiation.js';
import { maxPacketHeader, maxPacketOf } from './send-limits.js';
import { createSession } from './session.js';
import type { TextFormat } from './text-format.js';
import type { HelloAnswer, Session } from './types.js';

export interface ServerHandshakeOptions {
  /** Payload codecs, preferred first. */
  readonly content: readonly OfferedContent[];
  /** Compressions for byte streams, preferred first. */
  readonly compressions?: readonly Compression[] | undefined;
  /** Accepts text packets, on message links. */
  readonly text?: TextFormat | undefined;
  /** Extensions to accept. Default: all that the engine knows. */
  readonly extensions?: readonly Extension[] | undefined;
  /** The largest packet that we take, to be told. */
  readonly maxPacketBytes?: number | undefined;
  /** The client's headers, where they came outside the data. */
  readonly hello?: Headers | undefined;
}

/** How much of what a client offers is shown to it again. */
const MAX_SHOWN = 200;

/** The server's half of the handshake. Source: STMP 1.0, sections 1 and 5. */
export function serverHandshake(options: ServerHandshakeOptions): Handshake {
  const negotiate = (headers: Headers, message: string, stream: boolean): Session => {
    const named = stream ? undefined : packetFormat(headers);
    const format = named === 'text' && options.text === undefined ? undefined : named;
    const content = chooseContent(headers, options.content, format === 'text');
    if (content === undefined) {
      const usable = options.content.filter(({ text }) => text || format !== 'text');
      const offered = JSON.stringify(valuesOf(headers, 'accept').join(', ').slice(0, MAX_SHOWN));
      throw handshakeError(
        Status.BadRequest,
        `expected Accept to name one of ${usable.map((c) => c.contentType).join(', ')}, got ${offered}`,
      );
    }
    const agreed = {
      contentType: content.contentType,
      compression: stream ? chooseCompression(headers, options.compressions ?? []) : undefined,
      packetFormat: format,
      textFormat: format === 'text' ? options.text : undefined,
      extensions: extensionsOf(headers),
      peerMaxPacketBytes: maxPacketOf(headers),
      known: options.extensions ?? EXTENSIONS,
    };
    return createSession(agreed, headers, message);
  };
  const inBand = ({ major, minor, header, message }: ClientHandshake, stream: boolean): Session => {
    if (major !== 1 || minor !== 0)
      throw handshakeError(Status.BadRequest, `expected version 1.0, got ${major}.${minor}`);
    return negotiate(header, message, stream);
  };
  return {
    side: 'server',
    begin(stream) {
      if (options.hello === undefined) return undefined;
      checkVersionHeader(options.hello);
      return { session: negotiate(options.hello, '', stream) };
    },
    readBytes(bytes, start, end, limits: HandshakeLimits, stream) {
      const read = readClientHandshake(bytes, start, end, limits);
      return read && { session: inBand(read.value, stream), next: read.next };
    },
    readText(text, limits) {
      if (options.text === undefined) throw handshakeError(Status.ProtocolError, 'text packets are not spoken here');
      return inBand(options.text.readClientHandshake(text, limits), false);
    },
    answer({ status = Status.Ok, headers = [], message = '' }: HelloAnswer, session: Session | undefined) {
      const header: [string, string][] = [];
      if (session !== undefined && status === Status.Ok) {
        header.push(['Content-Type', session.contentType]);
        if (session.compression !== undefined) header.push(['Content-Encoding', session.compression.encoding]);
        if (session.packetFormat !== undefined) header.push(['Packet-Format', session.packetFormat]);
        if (session.extensions.length > 0) header.push(['Stmp-Extensions', extensionList(session.controls)]);
        if (session.peerIsOurs) header.push(...maxPacketHeader(options.maxPacketBytes));
      }
      for (const [name, value] of headers) header.push([name, value]);
      const handshake = { status, header, message };
      return session?.textFormat?.encodeServerHandshake(handshake) ?? encodeServerHandshake(handshake);
    },
  };
}
