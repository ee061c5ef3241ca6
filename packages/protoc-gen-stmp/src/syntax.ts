import type { Token } from './tokens.js';

/** An option as written: `(stmp.kind).events` and the tokens after the `=`. */
export interface OptionNode {
  readonly name: string;
  readonly value: readonly Token[];
  readonly line: number;
}

/** Numbers or names that a message or enum sets aside; `to` is Infinity for `max`. */
export interface ReservedNode {
  readonly line: number;
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
  readonly names: readonly string[];
}

/** What every declaration has: where it begins, the comments around it, its options. */
interface NodeBase {
  readonly name: string;
  readonly line: number;
  readonly leading: string;
  readonly trailing: string;
  readonly options: readonly OptionNode[];
  /** The declarations inside, as they come. */
  readonly children: readonly Declaration[];
}

export interface FieldNode extends NodeBase {
  readonly kind: 'field';
  readonly label: '' | 'optional' | 'required' | 'repeated';
  /** As written, without spaces; of a map, that of its values. */
  readonly type: string;
  readonly mapKey: string | undefined;
  readonly number: number;
}
export interface OneofNode extends NodeBase {
  readonly kind: 'oneof';
}
export interface MessageNode extends NodeBase {
  readonly kind: 'message';
  readonly reserved: readonly ReservedNode[];
  /** Lines with `extensions`. */
  readonly extensions: readonly ReservedNode[];
  /** Declared by a field of proto2: `optional group Name = 1 { … }`. */
  readonly isGroup: boolean;
}
export interface EnumNode extends NodeBase {
  readonly kind: 'enum';
  readonly reserved: readonly ReservedNode[];
}
export interface ValueNode extends NodeBase {
  readonly kind: 'value';
  readonly number: number;
}
/** Its name is that of the message it extends; its children are fields, and messages where they are groups. */
export interface ExtendNode extends NodeBase {
  readonly kind: 'extend';
}
export interface ServiceNode extends NodeBase {
  readonly kind: 'service';
}
export interface RpcNode extends NodeBase {
  readonly kind: 'rpc';
  readonly input: string;
  readonly output: string;
  readonly streaming: boolean;
}

export type Declaration =
  | FieldNode
  | OneofNode
  | MessageNode
  | EnumNode
  | ValueNode
  | ExtendNode
  | ServiceNode
  | RpcNode;

export interface ImportNode {
  readonly path: string;
  readonly isPublic: boolean;
  readonly line: number;
}

/** A file as written. Comments of a file belong to nothing. */
export interface FileNode {
  readonly kind: 'file';
  /** `proto2`, `proto3` or `editions`; another word as written. */
  readonly syntax: string;
  readonly syntaxLine: number;
  readonly package: string;
  readonly packageLine: number;
  readonly imports: readonly ImportNode[];
  readonly options: readonly OptionNode[];
  readonly children: readonly Declaration[];
}

/** The children of one kind. */
export function childrenOf<K extends Declaration['kind']>(
  node: { readonly children: readonly Declaration[] },
  kind: K,
): Extract<Declaration, { readonly kind: K }>[] {
  return node.children.filter((child): child is Extract<Declaration, { readonly kind: K }> => child.kind === kind);
}

/** The value of an option that is one word, such as `true`; undefined when it is not set so. */
export function optionWord(node: { readonly options: readonly OptionNode[] }, name: string): string | undefined {
  const value = node.options.find((option) => option.name === name)?.value;
  return value?.length === 1 && value[0]?.kind === 'word' ? value[0].text : undefined;
}

/** A name inside of another one. */
export const joinName = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);
