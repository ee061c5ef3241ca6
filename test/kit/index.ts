export { breakServer } from './break-server.js';
export { eventually } from './eventually.js';
export { FakeClock, settle } from './fake-clock.js';
export { type Random, seeded } from './random.mjs';
export { hasTool } from './tools.js';
