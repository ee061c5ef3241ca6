import type { ResolvedEngineOptions } from '@stmp/engine';
import type { ResolvedConnectionOptions } from '../options.js';
import type { Router } from './router.js';

/** The engine's options, with the limits of single methods where there are any. */
export function withMethodLimits(options: ResolvedConnectionOptions, router: Router): ResolvedEngineOptions {
  const { engine, maxPacketBytes, methodMaxPacketBytes } = options;
  if (Object.keys(methodMaxPacketBytes).length === 0) return engine;
  return {
    ...engine,
    maxPacketBytesOf(action) {
      const name = router.find(action)?.name;
      const own = name !== undefined && Object.hasOwn(methodMaxPacketBytes, name);
      return own ? methodMaxPacketBytes[name]! : maxPacketBytes;
    },
  };
}
