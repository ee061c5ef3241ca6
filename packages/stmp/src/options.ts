import type { ClientOptions as BaseClientOptions } from '@stmp/connection';
import type { PayloadCodec } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import type { WsDialerOptions } from '@stmp/transport-ws';

/** The default payload codecs, preferred first: protobuf, MessagePack, JSON. */
export function defaultCodecs(): PayloadCodec[] {
  return [protobufCodec(), msgpackCodec(), jsonCodec()];
}

/** Options of clients in browsers: those of `@stmp/connection`, with defaults for codecs and transports. */
export interface BrowserClientOptions extends Omit<BaseClientOptions, 'codecs' | 'dialers'> {
  /** Default: protobuf, MessagePack, JSON. */
  readonly codecs?: readonly PayloadCodec[] | undefined;
  /** Replaces the default transports; `[...defaultDialers(), mine]` adds to them. */
  readonly dialers?: BaseClientOptions['dialers'];
  readonly ws?: WsDialerOptions | undefined;
}
