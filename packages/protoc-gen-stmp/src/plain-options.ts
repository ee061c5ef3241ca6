import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { Declaration, FileNode, OptionNode } from './syntax.js';

const SCHEMAS: Readonly<Partial<Record<(FileNode | Declaration)['kind'], DescMessage>>> = {
  file: FileOptionsSchema,
  message: MessageOptionsSchema,
  field: FieldOptionsSchema,
  oneof: OneofOptionsSchema,
  enum: EnumOptionsSchema,
  value: EnumValueOptionsSchema,
  service: ServiceOptionsSchema,
  rpc: MethodOptionsSchema,
};

/** Options without a pair of parentheses that descriptor.proto does not have: of the language, and of its past. */
const MORE: ReadonlySet<string> = new Set(['field json_name', 'field default', 'file php_generic_services']);
/** What the compiler alone sets, and what belongs to editions. */
const NOT_WRITTEN: ReadonlySet<string> = new Set(['uninterpreted_option', 'map_entry', 'features', 'edition_defaults']);

type Report = (line: number, message: string) => void;

/** Reports options of protobuf itself that do not exist, stand twice, or have another type. */
export function checkPlainOptions(node: FileNode | Declaration, report: Report): void {
  const schema = SCHEMAS[node.kind];
  const seen = new Set<string>();
  for (const option of node.options) {
    const { name, line } = option;
    if (name.startsWith('(')) continue;
    const field = schema?.fields.find((each) => each.name === name && !NOT_WRITTEN.has(name));
    if (field === undefined && !MORE.has(`${node.kind} ${name}`)) {
      report(line, `there is no option ${name} here; check the spelling, or put it in parentheses if it is your own`);
      continue;
    }
    if (seen.has(name) && field?.fieldKind !== 'list') report(line, `option ${name} is set twice; remove one`);
    seen.add(name);
    const expected = field === undefined ? undefined : expectedFor(field, option);
    if (expected !== undefined) report(line, `option ${name} takes ${expected}`);
  }
}

/** What the option takes, when it was given something else. */
function expectedFor(field: DescField, { value }: OptionNode): string | undefined {
  const [first] = value;
  if (field.enum !== undefined) {
    const words = field.enum.values.map((each) => each.name);
    return first?.kind === 'word' && words.includes(first.text) ? undefined : words.join(' or ');
  }
  if (field.scalar === ScalarType.BOOL) {
    return first?.kind === 'word' && /^(true|false)$/.test(first.text) ? undefined : 'true or false';
  }
  return field.scalar === ScalarType.STRING && first?.kind !== 'string' ? 'a string in quotes' : undefined;
}
