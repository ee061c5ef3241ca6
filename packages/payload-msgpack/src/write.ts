import type { MessageType, ScalarType } from '@stmp/contract';
import {
  adapterOf,
  CHECKS,
  entriesOf,
  Fault,
  type FieldShape,
  goName,
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
  type Write,
} from '@stmp/payload-schema';
import type { Output } from './output.js';

type BinaryWrite = Write<Output>;

function put(kind: ScalarType | 'enum', checked: unknown, out: Output): void {
  if (kind === 'double') out.double(checked as number);
  else if (kind === 'float') out.float(checked as number);
  else out.value(checked);
}

const refuseOneof: BinaryWrite = () => {
  throw new Fault('the original ends its process on a oneof in MessagePack');
};

/** Makes writers of message types, in the dialect of the original or in ours. */
export function writers(isGo: boolean): (type: MessageType) => BinaryWrite {
  /** One value; `name`, where it is not empty, goes before it. */
  const valueWriter = (field: FieldShape, name: string, skipZero: boolean): BinaryWrite => {
    const { kind, messageType, zero } = field;
    const label = (out: Output): void => {
      if (name === '') return;
      out.value(name);
      out.members++;
    };
    if (kind === 'message') {
      let known: BinaryWrite | undefined;
      return (value, out, depth) => {
        known ??= writerOf(messageType!());
        label(out);
        known(value, out, depth + 1);
      };
    }
    const check = CHECKS[kind];
    return (value, out) => {
      const checked = check(value);
      if (skipZero && isZero(checked, zero)) return;
      label(out);
      put(kind, checked, out);
    };
  };

  const fieldWriter = (field: FieldShape): BinaryWrite => {
    const { key, list } = field;
    const name = isGo ? (field.goName ?? goName(field.protoName)) : field.name;
    if (key === undefined && !list) return valueWriter(field, name, field.implicit);
    const write = valueWriter(field, '', false);
    if (key === undefined) {
      return (items, out, depth) => {
        if (Array.isArray(items)) {
          if (items.length === 0) return;
          out.value(name);
          out.members++;
          out.list(items.length);
        }
        sendList(items, out, depth, write);
      };
    }
    return (map, out, depth) => {
      const entries = entriesOf(map);
      if (entries.length === 0) return;
      out.value(name);
      out.members++;
      out.map(entries.length);
      sendEntries(entries, (entry, value) => {
        out.value(keyValue(key, entry));
        write(value, out, depth);
      });
    };
  };

  const messageWriter = (type: MessageType): BinaryWrite => {
    const shape = shapeOf(type);
    const most = shape.slots.length;
    const slots = sendSlots(shape.slots, fieldWriter, (_, write) => (isGo ? refuseOneof : write));
    return (value, out, depth) => {
      const outer = out.members;
      out.members = 0;
      const head = out.openMap(most);
      sendMessage(slots, value, out, depth);
      out.closeMap(head, most, out.members);
      out.members = outer;
    };
  };

  const writerOf = memo((type: MessageType): BinaryWrite => {
    const adapter = adapterOf(type);
    const rule = ruleOf(type);
    if (rule !== undefined) {
      const write = messageWriter(type);
      return (value, out, depth) => write(rule.toSend(value), out, depth);
    }
    if (adapter === undefined) return messageWriter(type);
    // A Value is a oneof.
    if (adapter.isPlain) return isGo ? refuseOneof : (value, out, depth) => out.value(plainCopy(type, value, depth));
    if (isGo) {
      const write = messageWriter(type);
      return (value, out, depth) => write(adapter.toMessage(value), out, depth);
    }
    const kind = type.fields[0]![2] as ScalarType;
    const check = CHECKS[kind];
    return (value, out) => put(kind, check(value), out);
  });
  return writerOf;
}
