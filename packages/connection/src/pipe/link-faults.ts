import { type Link, StmpError } from '@stmp/contract';

/** What every link can be asked to do. */
const METHODS = ['defer', 'start', 'send', 'pause', 'resume', 'close', 'abort'] as const;

/** A link does not keep to its contract: it ends its own connection, and nobody else's. */
export function linkFault(what: string, cause?: unknown): StmpError {
  return new StmpError('link_failed', `the link is broken: ${what}`, { origin: 'link', cause });
}

/** @throws StmpError `link_failed` for something that is no link, naming what it lacks. */
export function checkLink(given: unknown): Link {
  let fault: string | undefined;
  try {
    fault = faultOf(given);
  } catch (cause) {
    throw linkFault('it cannot be looked at', cause);
  }
  if (fault !== undefined) throw linkFault(fault);
  return given as Link;
}

function faultOf(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null)
    return `expected an object, got ${given === null ? 'null' : typeof given}`;
  const link = given as Partial<Record<string, unknown>>;
  if (link.kind !== 'stream' && link.kind !== 'message') return 'kind must be "stream" or "message"';
  for (const name of METHODS) if (typeof link[name] !== 'function') return `${name} must be a function`;
  if (link.kind === 'stream' && !((link.safeWriteBytes as number) > 0))
    return 'safeWriteBytes must be a number above 0';
  return undefined;
}

/** What is wrong with a unit that a link handed over; undefined: nothing. */
export function unitFault(kind: Link['kind'], unit: unknown): string | undefined {
  if (unit instanceof Uint8Array) return undefined;
  if (typeof unit === 'string') return kind === 'message' ? undefined : 'it handed text to a byte stream';
  // Of another realm, perhaps.
  if (ArrayBuffer.isView(unit) && (unit as Uint8Array)[Symbol.toStringTag] === 'Uint8Array') return undefined;
  return `it handed over ${unit === null ? 'null' : typeof unit}, neither bytes nor text`;
}
