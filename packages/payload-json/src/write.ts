import type { EnumType, MessageType, ScalarType } from '@stmp/contract';
import {
  adapterOf,
  CHECKS,
  entriesOf,
  Fault,
  type FieldShape,
  isNullValue,
  isZero,
  keyValue,
  memo,
  plainCopy,
  ruleOf,
  sendEntries,
  sendList,
  sendMessage,
  sendSlots,
  shapeOf,
  upperFirst,
  type Write,
} from '@stmp/payload-schema';
import { type AnyTypes, anyWriter } from './any.js';
import { toBase64 } from './base64.js';
import { floatText } from './floats.js';
import { textForm } from './forms.js';
import type { TextOut } from './text-out.js';

type TextWrite = Write<TextOut>;
/** Writes a scalar that was checked. */
type Text = (value: unknown) => string;

/** Writes what `write` does between brackets, where commas begin anew. */
function enclosed(open: string, close: string, out: TextOut, write: () => void): void {
  out.text += out.comma + open;
  out.comma = '';
  write();
  out.text += close;
  out.comma = ',';
}

/** Adds a member or an element that is all text. */
function add(out: TextOut, text: string): void {
  out.text += out.comma + text;
  out.comma = ',';
}

function enumText(type: EnumType): Text {
  if (isNullValue(type)) return () => 'null';
  const names = new Map<unknown, string>();
  for (const [name, number] of Object.entries(type)) if (!names.has(number)) names.set(number, JSON.stringify(name));
  return (value) => names.get(value) ?? String(value);
}

function scalarText(kind: ScalarType | 'enum', enumType: EnumType | undefined, isGo: boolean): Text {
  if (kind === 'string') return JSON.stringify;
  if (kind === 'bytes') return (value) => `"${toBase64(value as Uint8Array)}"`;
  if (kind === 'enum' && !isGo) return enumText(enumType!);
  if (kind === 'double' || kind === 'float') {
    const digits = kind === 'float' ? floatText : String;
    return (value) => {
      if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : digits(value as number);
      if (isGo) throw new Fault('expected finite number, since the dialect has no others');
      return `"${value}"`;
    };
  }
  return isGo || !kind.endsWith('64') ? String : (value) => `"${value}"`;
}

/** Makes writers of message types, in the dialect of the original or in proto3 JSON, where `types` may be held by an Any. */
export function writers(isGo: boolean, types?: AnyTypes): (type: MessageType) => TextWrite {
  /** One value without a name; with a label before it, a member. */
  const valueWriter = (field: FieldShape, label: string, skipZero: boolean): TextWrite => {
    const { kind, messageType, enumType, zero } = field;
    if (kind === 'message') {
      let known: TextWrite | undefined;
      return (value, out, depth) => {
        known ??= writerOf(messageType!());
        out.text += out.comma + label;
        out.comma = '';
        known(value, out, depth + 1);
      };
    }
    const check = CHECKS[kind];
    const text = scalarText(kind, enumType, isGo);
    return (value, out) => {
      const checked = check(value);
      if (!skipZero || !isZero(checked, zero)) add(out, label + text(checked));
    };
  };

  const fieldWriter = (field: FieldShape): TextWrite => {
    const label = `${JSON.stringify(isGo ? field.protoName : field.name)}:`;
    const { key } = field;
    if (key !== undefined) {
      const write = valueWriter(field, '', false);
      return (map, out, depth) => {
        const entries = entriesOf(map);
        if (entries.length === 0) return;
        enclosed(`${label}{`, '}', out, () =>
          sendEntries(entries, (name, value) => {
            out.text += `${out.comma}${JSON.stringify(String(keyValue(key, name)))}:`;
            out.comma = '';
            write(value, out, depth);
          }),
        );
      };
    }
    if (!field.list) return valueWriter(field, label, field.implicit);
    const write = valueWriter(field, '', false);
    return (list, out, depth) => {
      if (Array.isArray(list) && list.length === 0) return;
      enclosed(`${label}[`, ']', out, () => sendList(list, out, depth, write));
    };
  };

  const messageWriter = (type: MessageType): TextWrite => {
    const slots = sendSlots(shapeOf(type).slots, fieldWriter, ({ name }, write) =>
      isGo
        ? (value, out, depth) => enclosed(`"${upperFirst(name)}":{`, '}', out, () => write(value, out, depth))
        : write,
    );
    return (value, out, depth) => enclosed('{', '}', out, () => sendMessage(slots, value, out, depth));
  };

  const writerOf = memo((type: MessageType): TextWrite => {
    const adapter = adapterOf(type);
    const rule = ruleOf(type);
    if (rule !== undefined) {
      const form = isGo ? undefined : textForm(type.typeName);
      if (form !== undefined) return (value, out) => add(out, JSON.stringify(form(rule.toSend(value))));
      const write = messageWriter(type);
      return (value, out, depth) => write(rule.toSend(value), out, depth);
    }
    if (types !== undefined && !isGo && type.typeName === 'google.protobuf.Any') {
      return anyWriter(types, messageWriter(type), writerOf);
    }
    if (adapter === undefined) return messageWriter(type);
    if (adapter.isPlain) return (value, out, depth) => add(out, JSON.stringify(plainCopy(type, value, depth)));
    if (isGo) {
      const write = messageWriter(type);
      return (value, out, depth) => write(adapter.toMessage(value), out, depth);
    }
    const kind = type.fields[0]![2] as ScalarType;
    const text = scalarText(kind, undefined, false);
    const check = CHECKS[kind];
    return (value, out) => add(out, text(check(value)));
  });
  return writerOf;
}
