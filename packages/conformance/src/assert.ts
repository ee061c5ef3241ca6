import { isStmpError, type StmpError, type StmpErrorCode } from '@stmp/contract';

export function fail(message: string): never {
  throw new Error(message);
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  equal(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) fail(`${what}: byte ${i} should be ${expected[i]}, is ${actual[i]}`);
  }
}

/** Deep equality of plain values: objects by their own keys, lists, bytes, bigint, NaN. */
export function sameValue(actual: unknown, expected: unknown, what: string): void {
  if (Object.is(actual, expected)) return;
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) {
    sameBytes(actual, expected, what);
  } else if (isObject(actual) && isObject(expected) && Array.isArray(actual) === Array.isArray(expected)) {
    const names = new Set([...Object.keys(actual), ...Object.keys(expected)]);
    for (const name of names) sameValue(own(actual, name), own(expected, name), `${what}.${name}`);
  } else {
    fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
  }
}

/** Runs `fn`, which must throw a StmpError of one of the codes. */
export function throwsCode(fn: () => unknown, codes: readonly StmpErrorCode[], what: string): StmpError {
  let result: unknown;
  try {
    result = fn();
  } catch (error) {
    return hasCode(error, codes, what);
  }
  return fail(`${what}: expected an error ${codes.join(' or ')}, got ${show(result)}`);
}

/** As {@link throwsCode}, for a promise that must reject. */
export async function rejectsCode(
  promise: Promise<unknown>,
  codes: readonly StmpErrorCode[],
  what: string,
): Promise<StmpError> {
  let result: unknown;
  try {
    result = await promise;
  } catch (error) {
    return hasCode(error, codes, what);
  }
  return fail(`${what}: expected an error ${codes.join(' or ')}, got ${show(result)}`);
}

export function hasCode(error: unknown, codes: readonly StmpErrorCode[], what: string): StmpError {
  if (isStmpError(error) && codes.includes(error.code)) return error;
  const got = isStmpError(error) ? `StmpError ${error.code}: ${error.message}` : show(error);
  return fail(`${what}: expected a StmpError ${codes.join(' or ')}, got ${got}`);
}

export function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (isObject(value)) return Array.isArray(value) ? `a list of ${value.length}` : `an object {${Object.keys(value)}}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
