import { camelPath, fault, snakePath } from '@stmp/payload-schema';
import { durationText, parseDuration, parseTimestamp, timestampText } from './time.js';

// Well-known types that proto3 JSON writes as one string.

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';
const FIELD_MASK = 'google.protobuf.FieldMask';

function parseMask(text: string): { paths: string[] } {
  if (text.includes('_')) fault('names in lowerCamelCase in the field mask', text);
  return { paths: text === '' ? [] : text.split(',').map(snakePath) };
}

/** How values of a type are written, when they are not written as objects; they were checked. */
export function textForm(typeName: string): ((value: Record<string, unknown>) => string) | undefined {
  if (typeName === FIELD_MASK) return ({ paths }) => (paths as string[]).map(camelPath).join(',');
  const form = typeName === TIMESTAMP ? timestampText : typeName === DURATION ? durationText : undefined;
  return form as ((value: unknown) => string) | undefined;
}

/** Makes objects of those strings, and passes on what is no string. */
export function formParser(typeName: string): ((value: unknown) => unknown) | undefined {
  const parse = typeName === TIMESTAMP ? parseTimestamp : typeName === DURATION ? parseDuration : parseMask;
  if (parse === parseMask && typeName !== FIELD_MASK) return undefined;
  return (value) => (typeof value === 'string' ? parse(value) : value);
}
