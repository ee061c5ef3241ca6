export { type StdioCommand, type StdioDialerOptions, stdioDialer } from './dialer.js';
export { stdioListener } from './listener.js';
export { type StdioLinkOptions, stdioLink } from './pipes.js';
