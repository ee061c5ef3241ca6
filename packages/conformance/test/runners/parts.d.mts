import type { ListenerFixture, TransportFixture } from '@stmp/conformance';
import type { Compression, PayloadCodec } from '@stmp/contract';

export const streams: TransportFixture;
export const messages: TransportFixture;
export const listener: ListenerFixture;
export const codec: PayloadCodec;
export const compression: Compression;
