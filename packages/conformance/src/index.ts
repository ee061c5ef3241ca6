export type { Case } from './case.js';
export type { LinkPair, OpenOptions, TransportFixture } from './transport/fixture.js';
export { transportCases } from './transport-cases.js';
