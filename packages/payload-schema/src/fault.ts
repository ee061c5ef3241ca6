import { isStmpError, StmpError } from '@stmp/contract';

/** Messages may be nested this deep, both ways; a Value counts one level for each list or object in it. */
export const MAX_DEPTH = 100;

/** A value that does not fit, on its way up through the message; {@link refusal} makes the public error of it. */
export class Fault {
  /** Grows at its front while the fault passes outward: `.user`, `[3]`, `.name`. */
  path = '';
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The name of an object that holds its data elsewhere than in its properties, so that read as a message it is empty. */
export function builtIn(value: unknown): string | undefined {
  if (Array.isArray(value)) return 'list';
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array ? 'bytes' : 'typed array';
  if (value instanceof Map) return 'Map';
  if (value instanceof Set) return 'Set';
  if (value instanceof Date) return 'Date';
  return value instanceof ArrayBuffer ? 'ArrayBuffer' : undefined;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : (builtIn(value) ?? typeof value);
}

/** Refuses `got`, of which only its kind is told: errors hold no payload data. */
export function fault(expected: string, got: unknown): never {
  const kind = kindOf(got);
  throw new Fault(`expected ${expected}, got ${kind}${kind === expected ? ' out of range' : ''}`);
}

/** Refuses to go deeper than {@link MAX_DEPTH}. */
export function checkDepth(depth: number, limit: number = MAX_DEPTH): void {
  if (depth > limit) throw new Fault(`nested more than ${limit} deep`);
}

/** Notes that `error` arose at `step`: to be thrown on. */
export function at(error: unknown, step: string): unknown {
  if (error instanceof Fault && error.path.length < 200) error.path = step + error.path;
  return error;
}

/** The `payload_invalid` that the caller of a codec sees, for whatever was thrown inside. */
export function refusal(error: unknown, typeName: string | undefined): StmpError {
  if (isStmpError(error)) return error;
  const name = typeName ?? 'payload';
  if (!(error instanceof Fault)) return new StmpError('payload_invalid', `${name}: broken payload`, { cause: error });
  return new StmpError('payload_invalid', `${error.path.replace(/^\./, '') || name}: ${error.text}`);
}
