export { type MessageEnd, type MessagePath, messageLink } from './message-link.js';
export { DEFAULT_HIGH_WATER_BYTES, DEFAULT_WINDOW_BYTES, type MessageLinkOptions } from './options.js';
