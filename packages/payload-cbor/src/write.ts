import type { MessageType, ScalarType } from '@stmp/contract';
import {
  adapterOf,
  CHECKS,
  entriesOf,
  type FieldShape,
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

type ToTree = (value: unknown, depth: number) => unknown;
type Members = Map<string, unknown>;

/** Makes of one value of a field, not the list or map around it, what is to be encoded. */
function valueTree({ kind, messageType }: FieldShape): ToTree {
  if (kind !== 'message') return CHECKS[kind];
  let known: ToTree | undefined;
  return (value, depth) => {
    known ??= treeOf(messageType!());
    return known(value, depth + 1);
  };
}

function fieldWriter(field: FieldShape): Write<Members> {
  const { name, key, list, implicit, zero } = field;
  const toTree = valueTree(field);
  if (list) {
    return (items, out, depth) => {
      const tree: unknown[] = [];
      sendList(items, tree, depth, (item) => tree.push(toTree(item, depth)));
      if (tree.length > 0) out.set(name, tree);
    };
  }
  if (key !== undefined) {
    return (map, out, depth) => {
      const tree: Members = new Map();
      sendEntries(entriesOf(map), (entry, value) => tree.set(String(keyValue(key, entry)), toTree(value, depth)));
      if (tree.size > 0) out.set(name, tree);
    };
  }
  return (value, out, depth) => {
    const tree = toTree(value, depth);
    if (!(implicit && isZero(tree, zero))) out.set(name, tree);
  };
}

function messageTree(type: MessageType): ToTree {
  const slots = sendSlots(shapeOf(type).slots, fieldWriter);
  return (value, depth) => {
    const members: Members = new Map();
    sendMessage(slots, value, members, depth);
    return members;
  };
}

/** What makes of a message the tree to be encoded: maps by lowerCamelCase names, in the order of the fields. */
export const treeOf: (type: MessageType) => ToTree = /* @__PURE__ */ memo((type: MessageType): ToTree => {
  const adapter = adapterOf(type);
  const rule = ruleOf(type);
  const toTree = messageTree(type);
  if (rule !== undefined) return (value, depth) => toTree(rule.toSend(value), depth);
  if (adapter === undefined) return toTree;
  if (adapter.isPlain) return (value, depth) => plainCopy(type, value, depth);
  return CHECKS[type.fields[0]![2] as ScalarType];
});
