export type { Case } from './case.js';
export type { CompressionFixture, Members } from './compression/fixture.js';
export { compressionCases } from './compression-cases.js';
export type { ListenerFixture } from './listener/fixture.js';
export { listenerCases } from './listener-cases.js';
export type { PayloadFixture } from './payload/fixture.js';
export { payloadCases } from './payload-cases.js';
export type { LinkPair, OpenOptions, RecordedPair, Stack, TransportFixture } from './transport/fixture.js';
export { transportCases } from './transport-cases.js';
