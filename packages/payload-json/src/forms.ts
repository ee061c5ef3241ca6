import { CHECKS, Fault, fault, isObject, jsonName } from '@stmp/payload-schema';
import { durationText, parseDuration, parseTimestamp, timestampText } from './time.js';

// Well-known types that proto3 JSON writes as one string.

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';
const FIELD_MASK = 'google.protobuf.FieldMask';

/** A path of a field mask and its JSON form, which must lead back to it. */
const toCamel = (path: string): string => path.split('.').map(jsonName).join('.');
const toSnake = (path: string): string => path.replace(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`);

function maskText(paths: unknown): string {
  if (!Array.isArray(paths)) return fault('list', paths);
  return paths
    .map((path) => {
      const camel = toCamel(CHECKS.string(path) as string);
      if (toSnake(camel) !== path || path.includes(',')) throw new Fault('a path of the field mask has no JSON form');
      return camel;
    })
    .join(',');
}

function parseMask(text: string): { paths: string[] } {
  return { paths: text === '' ? [] : text.split(',').map(toSnake) };
}

/** How values of a type are written, when they are not written as objects. */
export function textForm(typeName: string): ((value: unknown) => string) | undefined {
  if (typeName === FIELD_MASK)
    return (value) => maskText(isObject(value) ? (value.paths ?? []) : fault('object', value));
  const form = typeName === TIMESTAMP ? timestampText : typeName === DURATION ? durationText : undefined;
  if (form === undefined) return undefined;
  return (value) => {
    if (!isObject(value)) return fault('object', value);
    return form({
      seconds: CHECKS.int64(value.seconds ?? 0n) as bigint,
      nanos: CHECKS.int32(value.nanos ?? 0) as number,
    });
  };
}

/** Makes objects of those strings, and passes on what is no string. */
export function formParser(typeName: string): ((value: unknown) => unknown) | undefined {
  const parse = typeName === TIMESTAMP ? parseTimestamp : typeName === DURATION ? parseDuration : parseMask;
  if (parse === parseMask && typeName !== FIELD_MASK) return undefined;
  return (value) => (typeof value === 'string' ? parse(value) : value);
}
