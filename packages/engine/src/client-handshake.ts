import { type Compression, type Headers, Status } from '@stmp/contract';
import { encodeClientHandshake, type HandshakeLimits, readServerHandshake, type ServerHandshake } from '@stmp/packet';
import { EXTENSIONS, type Extension, extensionList } from './extensions.js';
import type { Handshake } from './handshake.js';
import { extensionsOf, handshakeError, namesIn, type OfferedContent, packetFormat, VERSION } from './negotiation.js';
import { retryAfterOf } from './retry-after.js';
import { maxPacketHeader, maxPacketOf } from './send-limits.js';
import { createSession } from './session.js';
import type { TextFormat } from './text-format.js';
import type { Session } from './types.js';

export interface ClientOffer {
  /** Payload codecs, preferred first. */
  readonly content: readonly OfferedContent[];
  /** Compressions, preferred first; for byte streams only. */
  readonly compressions?: readonly Compression[] | undefined;
  /** Asks for text packets, on message links. */
  readonly text?: TextFormat | undefined;
  /** Sends all content types, not the first alone. The original's server reads only the last of a list. Default false. */
  readonly acceptAll?: boolean | undefined;
  /** Extensions to offer. Default: all that the engine knows. */
  readonly extensions?: readonly Extension[] | undefined;
  /** The largest packet that we take, to be told. */
  readonly maxPacketBytes?: number | undefined;
  /** Headers for the application, after those of the protocol. */
  readonly headers?: Headers | undefined;
}

/**
 * The client's headers. For byte streams they go in band; for a WebSocket the dialer gets them,
 * with the version among them. Source: STMP 1.0, sections 1 and 5.
 */
export function clientHeaders(offer: ClientOffer, kind: 'stream' | 'message'): [string, string][] {
  const content =
    offer.text !== undefined && kind === 'message' ? offer.content.filter(({ text }) => text) : offer.content;
  if (content.length === 0)
    throw new TypeError('codecs: text packets need a codec whose payloads are text, such as JSON');
  const types = content.map(({ contentType }) => contentType);
  const headers: [string, string][] = [['Accept', offer.acceptAll ? types.join(',') : types[0]!]];
  if (kind === 'message') {
    headers.push(['Stmp-Version', VERSION]);
    if (offer.text !== undefined) headers.push(['Accept-Packet-Format', 'text'], ['Packet-Format', 'text']);
  } else if (offer.compressions !== undefined && offer.compressions.length > 0) {
    headers.push(['Accept-Encoding', offer.compressions[0]!.encoding]);
  }
  headers.push(['Stmp-Extensions', extensionList(offer.extensions ?? EXTENSIONS)]);
  headers.push(...maxPacketHeader(offer.maxPacketBytes));
  for (const [name, value] of offer.headers ?? []) headers.push([name, value]);
  return headers;
}

export interface ClientHandshakeOptions extends ClientOffer {
  /** True when the headers travelled outside the data. */
  readonly outOfBand?: boolean | undefined;
  /** A text for the server's authentication hook; in band only. */
  readonly message?: string | undefined;
}

/** The client's half of the handshake. */
export function clientHandshake(options: ClientHandshakeOptions): Handshake {
  const check = ({ status, header, message }: ServerHandshake, stream: boolean): Session => {
    if (status !== Status.Ok) throw handshakeError(status, message, 'peer', retryAfterOf(header));
    const refuse = (what: string): never => {
      throw handshakeError(Status.BadRequest, `the server chose ${what}`);
    };
    const [type = 'none'] = namesIn(header, 'content-type');
    const format = stream ? undefined : packetFormat(header);
    const content =
      options.content.find(({ contentType }) => contentType === type) ??
      refuse(`a content type that was not offered: ${type}`);
    if (format === 'text' && !content.text) refuse(`text packets, which cannot carry ${type}`);
    if (format === 'text' && options.text === undefined) refuse('text packets, which were not offered');
    let compression: Compression | undefined;
    const [encoding = 'identity'] = namesIn(header, 'content-encoding');
    if (stream && encoding !== 'identity') {
      compression =
        options.compressions?.find((offered) => offered.encoding === encoding) ??
        refuse(`an encoding that was not offered: ${encoding}`);
    }
    const agreed = {
      contentType: content.contentType,
      compression,
      packetFormat: format,
      textFormat: format === 'text' ? options.text : undefined,
      extensions: extensionsOf(header),
      peerMaxPacketBytes: maxPacketOf(header),
      known: options.extensions ?? EXTENSIONS,
    };
    return createSession(agreed, header, message);
  };
  return {
    side: 'client',
    begin(stream) {
      if (options.outOfBand) return undefined;
      const header = clientHeaders(options, stream ? 'stream' : 'message').filter(([name]) => name !== 'Stmp-Version');
      return { output: encodeClientHandshake({ major: 1, minor: 0, header, message: options.message ?? '' }) };
    },
    readBytes(bytes, start, end, limits: HandshakeLimits, stream) {
      const read = readServerHandshake(bytes, start, end, limits);
      return read && { session: check(read.value, stream), next: read.next };
    },
    readText(text, limits) {
      return check(options.text === undefined ? notOffered() : options.text.readServerHandshake(text, limits), false);
    },
    answer() {
      throw new TypeError('a client has no answer to give');
    },
  };
}

function notOffered(): never {
  throw handshakeError(Status.ProtocolError, 'the server answered in text, which was not offered');
}
