import { checkPlainOptions } from './plain-options.js';
import {
  childrenOf,
  type Declaration,
  type EnumNode,
  type FieldNode,
  type FileNode,
  joinName,
  type MessageNode,
  optionWord,
  type ReservedNode,
} from './syntax.js';

type Report = (line: number, message: string) => void;

export const SCALARS: ReadonlySet<string> = new Set(
  'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(' '),
);
const NO_KEYS: ReadonlySet<string> = new Set(['double', 'float', 'bytes']);
const NOT_PACKED: ReadonlySet<string> = new Set(['string', 'bytes']);
const LONGS: ReadonlySet<string> = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);

/**
 * Reports what proto3 does not allow within one file, as protoc would. What concerns the model as well (field numbers,
 * names in JSON, the first value of an enum) is checked where both programs meet.
 */
export function checkRules(file: FileNode, report: Report): void {
  checkPlainOptions(file, report);
  for (const child of file.children) check(child, file.package, report);
}

function check(node: Declaration, scope: string, report: Report): void {
  checkPlainOptions(node, report);
  const fullName = joinName(scope, node.name);
  if (node.kind === 'message') checkMessage(node, fullName, report);
  else if (node.kind === 'enum') checkEnum(node, fullName, report);
  else if (node.kind === 'field') checkField(node, report);
  else if (node.kind === 'oneof') {
    if (node.children.length === 0) report(node.line, `oneof ${node.name} has no fields; add one or remove it`);
    for (const field of childrenOf(node, 'field')) {
      if (field.label !== '')
        report(field.line, `field ${field.name} of a oneof has no label; remove "${field.label}"`);
      if (field.mapKey !== undefined) report(field.line, `${field.name}: a map cannot be in a oneof; put it beside`);
    }
  }
  for (const child of node.children) check(child, fullName, report);
}

function checkField(field: FieldNode, report: Report): void {
  const { name, type, label, line, mapKey } = field;
  if (label === 'required') report(line, `field ${name}: proto3 has no required fields; remove "required"`);
  if (mapKey !== undefined) {
    if (label !== '') report(line, `field ${name}: a map has no label; remove "${label}"`);
    if (!SCALARS.has(mapKey) || NO_KEYS.has(mapKey))
      report(line, `field ${name}: the keys of a map are integers, bool or string, not ${mapKey}`);
  }
  for (const option of field.options) {
    if (option.name === 'default')
      report(option.line, `field ${name}: proto3 has no defaults of one's own; remove [default = …]`);
  }
  const takesPacked = label === 'repeated' && !NOT_PACKED.has(type);
  if (optionWord(field, 'packed') === 'true' && (!takesPacked || mapKey !== undefined))
    report(line, `field ${name}: only repeated numbers, bools and enums can be packed; remove [packed = true]`);
  const jstype = optionWord(field, 'jstype');
  if (jstype !== undefined && jstype !== 'JS_NORMAL' && !LONGS.has(type))
    report(line, `field ${name}: jstype is for 64-bit integers; remove it`);
}

function checkMessage(message: MessageNode, fullName: string, report: Report): void {
  if (message.isGroup)
    report(message.line, `group ${message.name}: proto3 has no groups; declare a message and a field`);
  for (const { line } of message.extensions) {
    report(line, `${fullName}: proto3 has no extensions; remove the line, and use google.protobuf.Any`);
  }
  const fields = [
    ...childrenOf(message, 'field'),
    ...childrenOf(message, 'oneof').flatMap((oneof) => childrenOf(oneof, 'field')),
  ].sort((a, b) => a.line - b.line);
  checkReserved(message.reserved, fullName, 1, report);
  checkNumbers(fields, message.reserved, `in message ${fullName}`, report);
  for (const { name, mapKey, line } of fields) {
    const entry = `${name.replace(/(?:^|_)([a-z]?)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
    if (mapKey !== undefined && message.children.some((each) => each.name === entry && each.kind !== 'extend'))
      report(line, `the map ${name} needs the name ${entry} in ${fullName}; rename one`);
  }
}

function checkEnum(node: EnumNode, fullName: string, report: Report): void {
  const values = childrenOf(node, 'value');
  for (const { name, number, line } of values) {
    if (number < -(2 ** 31) || number >= 2 ** 31)
      report(line, `${name} = ${number} is out of range; values of an enum are from -2147483648 to 2147483647`);
  }
  checkReserved(node.reserved, fullName, -(2 ** 31), report);
  const hasAlias = optionWord(node, 'allow_alias') === 'true';
  checkNumbers(values, node.reserved, `in enum ${fullName}`, report, hasAlias);
  if (hasAlias && new Set(values.map(({ number }) => number)).size === values.length)
    report(node.line, `enum ${fullName} allows aliases, but has none; remove option allow_alias`);
  checkShortNames(node, fullName, report);
}

/** Code in some languages leaves out the enum's name in front of its values; protoc sees to it that they still differ. */
function checkShortNames(node: EnumNode, fullName: string, report: Report): void {
  const short = new Map<string, { readonly name: string; readonly number: number }>();
  const prefix = node.name.replaceAll('_', '').toLowerCase();
  for (const { name, number, line } of childrenOf(node, 'value')) {
    let rest = name;
    let at = 0;
    for (let i = 0; i < name.length && at < prefix.length; i++) {
      if (name[i] === '_') continue;
      if (name[i]?.toLowerCase() !== prefix[at++]) {
        at = -1;
        break;
      }
      if (at === prefix.length) rest = name.slice(i + 1).replace(/^_+/, '') || name;
    }
    const label = rest
      .split('_')
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
      .join('');
    const other = short.get(label);
    if (other === undefined) short.set(label, { name, number });
    else if (other.name !== name && other.number !== number)
      report(line, `${name} and ${other.name} of enum ${fullName} differ in case and underscores only; rename one`);
  }
}

function checkReserved(reserved: readonly ReservedNode[], fullName: string, least: number, report: Report): void {
  const before: { from: number; to: number }[] = [];
  const names = new Set<string>();
  for (const node of reserved) {
    for (const range of node.ranges) {
      if (range.from < least || range.to < range.from)
        report(
          node.line,
          `reserved ${range.from} to ${range.to} in ${fullName} is no range; begin with the smaller number`,
        );
      const other = before.find(({ from, to }) => range.from <= to && from <= range.to);
      if (other !== undefined) report(node.line, `reserved numbers overlap in ${fullName}; name ${range.from} once`);
      before.push(range);
    }
    for (const name of node.names) {
      if (names.has(name)) report(node.line, `"${name}" is reserved twice in ${fullName}; remove one`);
      names.add(name);
    }
  }
}

function checkNumbers(
  members: readonly { readonly name: string; readonly number: number; readonly line: number }[],
  reserved: readonly ReservedNode[],
  where: string,
  report: Report,
  hasAlias = false,
): void {
  const owners = new Map<number, string>();
  for (const { name, number, line } of members) {
    const other = owners.get(number);
    if (other !== undefined && !hasAlias) {
      const mend = where.startsWith('in enum')
        ? `; change ${name} or ${other}, or set option allow_alias = true`
        : `; change ${name} or ${other}`;
      report(line, `duplicate id ${number} ${where}${mend}`);
    }
    owners.set(number, name);
    for (const { ranges, names } of reserved) {
      if (ranges.some(({ from, to }) => from <= number && number <= to))
        report(line, `id ${number} is reserved ${where}; give ${name} another`);
      if (names.includes(name)) report(line, `name '${name}' is reserved ${where}; take another`);
    }
  }
}
