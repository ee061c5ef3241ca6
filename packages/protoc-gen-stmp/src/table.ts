import type { FieldOptions } from '@stmp/contract';
import { type FieldModel, jsonNameOf } from './model.js';
import { goNames } from './names.js';
import { WELL_KNOWN } from './well-known.js';

/** What is not the usual of each field of a message, in the order in which it is written down. */
export function optionsOfFields(typeName: string, fields: readonly FieldModel[]): FieldOptions[] {
  const go = WELL_KNOWN.has(typeName) ? new Map<string, string>() : goNames(fields);
  return fields.map((field) => {
    const goName = go.get(field.name);
    return {
      ...(field.mapKey === undefined ? {} : { key: field.mapKey }),
      ...(field.repeated ? { repeated: true as const } : {}),
      ...(field.unpacked ? { packed: false as const } : {}),
      ...(field.optional ? { optional: true as const } : {}),
      ...(field.oneof === undefined ? {} : { oneof: jsonNameOf(field.oneof) }),
      ...(field.jsonName === jsonNameOf(field.name) ? {} : { jsonName: field.jsonName }),
      ...(goName === undefined ? {} : { goName }),
    };
  });
}
