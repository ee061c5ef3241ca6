import type { PerMessageDeflateOptions } from 'ws';
import { type WsDeflateOptions, wholeNumber } from '../options.js';

export interface ResolvedDeflate {
  /** For `ws`; false: neither offered nor accepted. */
  readonly perMessageDeflate: PerMessageDeflateOptions | false;
  readonly thresholdBytes: number;
}

export function resolveDeflate(deflate: boolean | WsDeflateOptions | undefined): ResolvedDeflate {
  if (deflate === undefined || deflate === false) return { perMessageDeflate: false, thresholdBytes: 0 };
  const options = deflate === true ? {} : deflate;
  const windowBits = wholeNumber('deflate.windowBits', options.windowBits, 15, 9);
  const level = wholeNumber('deflate.level', options.level, 6, 1);
  if (windowBits > 15) throw new RangeError(`deflate.windowBits must be 9 to 15, got ${windowBits}`);
  if (level > 9) throw new RangeError(`deflate.level must be 1 to 9, got ${level}`);
  const forgets = options.contextTakeover !== true;
  return {
    thresholdBytes: wholeNumber('deflate.thresholdBytes', options.thresholdBytes, 1024, 0),
    perMessageDeflate: {
      // `ws` heeds a threshold of its own in some modes only; ours is applied to each message.
      threshold: 0,
      // Left out rather than false: false would refuse a client that asks for it.
      ...(forgets ? { serverNoContextTakeover: true, clientNoContextTakeover: true } : {}),
      ...(options.windowBits === undefined ? {} : { serverMaxWindowBits: windowBits }),
      zlibDeflateOptions: { level },
    },
  };
}
