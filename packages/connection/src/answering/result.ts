import type { AnyMethod } from '@stmp/contract';

/** Types whose value in memory may be nothing at all. */
const MAY_BE_NOTHING = /^google\.protobuf\.(?:Empty|Value|(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value)$/;

/** @throws TypeError for nothing where a message is due: its caller would take an empty message for an answer. */
export function checkResult({ output }: AnyMethod, value: unknown): void {
  if (value === undefined && output !== undefined && !MAY_BE_NOTHING.test(output.typeName))
    throw new TypeError(`the handler must return a ${output.typeName}, got undefined`);
}
