export { wsDialer } from './browser-dialer.js';
export type { WsDeflateOptions, WsDialerOptions, WsTlsOptions } from './options.js';
export { onWake } from './wake.js';
