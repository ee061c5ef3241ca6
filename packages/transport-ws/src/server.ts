export type { AllowedHosts } from './node/hosts.js';
export { wsListener } from './node/listener.js';
export type { AllowedOrigins, OriginRule } from './node/origin.js';
export type { WsListenerOptions, WsUpgraderOptions } from './node/server-options.js';
export { createWsUpgrader, type WsUpgrader } from './node/upgrader.js';
export type { WsDeflateOptions } from './options.js';
