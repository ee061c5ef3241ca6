export { wsDialer } from './node/dialer.js';
export type { WsDeflateOptions, WsDialerOptions, WsTlsOptions } from './options.js';
export { onWake } from './wake.js';
