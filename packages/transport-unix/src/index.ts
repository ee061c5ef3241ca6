export { unixDialer } from './dialer.js';
export { unixListener } from './listener.js';
export type { UnixLinkOptions, UnixListenerOptions } from './options.js';
