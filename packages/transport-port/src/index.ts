export { type PortDialerOptions, portDialer } from './dialer.js';
export { portListener } from './listener.js';
export type { PortLike, PortSource, PortTarget } from './port.js';
export { type PortLinkOptions, portLink } from './port-link.js';
export { rawCodec, type SharedClient, type SharedServer, shareClient } from './share.js';
