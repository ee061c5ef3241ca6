import type { IdModel, KindModel } from './model.js';
import type { Problem } from './problem.js';
import type { Declaration, FileNode, OptionNode, RpcNode, ServiceNode } from './syntax.js';
import type { Token } from './tokens.js';

export interface ServiceOptions {
  readonly id: IdModel | undefined;
  readonly kind: KindModel | undefined;
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  service: ['stmp.service', 'stmp.kind'],
  rpc: ['stmp.method'],
};

const HELP = 'STMP has (stmp.service) and (stmp.kind) for services, and (stmp.method) for methods';

/** The options `(stmp.*)` of one file, read from its text: 64-bit values are not safe in the parser's numbers. */
export class StmpOptions {
  readonly #file: string;
  readonly #package: string;
  readonly #imported: boolean;
  readonly #problems: Problem[];

  constructor(file: string, packageName: string, imported: boolean, problems: Problem[]) {
    this.#file = file;
    this.#package = packageName;
    this.#imported = imported;
    this.#problems = problems;
  }

  /** Reports options of ours that stand where they mean nothing. */
  check(node: FileNode | Declaration): void {
    const seen = new Set<string>();
    for (const option of node.options) {
      const { name, rest } = this.#nameOf(option);
      if (!/^stmp\.[^.]+$/.test(name)) continue;
      if (!KNOWN[node.kind]?.includes(name)) {
        this.#problem(option.line, `unknown option (${name}) here; ${HELP}`);
      } else if (!this.#imported) {
        this.#problem(option.line, `option (${name}) needs: import "stmp.proto";`);
      } else if (seen.has(name + rest) || (rest !== '' && seen.has(name))) {
        this.#problem(option.line, `option (${name}) is set twice; remove one`);
      }
      seen.add(name + rest);
    }
    for (const child of node.children) this.check(child);
  }

  serviceOptions(node: ServiceNode): ServiceOptions {
    let id: IdModel | undefined;
    let kind: KindModel | undefined;
    for (const option of node.options) {
      const { name, rest } = this.#nameOf(option);
      if (name === 'stmp.service') id = this.#id(option);
      if (name === 'stmp.kind') kind = this.#kind(option, rest, kind);
    }
    return { id, kind };
  }

  methodId(node: RpcNode): IdModel | undefined {
    const option = node.options.find((each) => this.#nameOf(each).name === 'stmp.method');
    return option && this.#id(option);
  }

  /** `(stmp.kind).events` to `stmp.kind` and `events`; inside of the package stmp `(kind)` means the same. */
  #nameOf(option: OptionNode): { name: string; rest: string } {
    const match = /^\(\.?([\w.]+)\)\.?(.*)$/.exec(option.name);
    if (match === null) return { name: '', rest: '' };
    const [, name = '', rest = ''] = match;
    const inside = this.#package === 'stmp' || this.#package.startsWith('stmp.');
    return { name: inside && /^(service|kind|method)$/.test(name) ? `stmp.${name}` : name, rest };
  }

  #id({ name, value, line }: OptionNode): IdModel | undefined {
    const text = value.map((token) => token.text).join('');
    const isNumber =
      value.every((token) => token.kind !== 'string') && /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.test(text);
    const number = isNumber ? BigInt(/^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text) : -1n;
    if (number >= 0n && number < 1n << 64n) return { value: number, line };
    this.#problem(line, `${name} must be an integer from 0 to 2^64-1, such as 0x10, not ${text}`);
    return undefined;
  }

  #kind(option: OptionNode, rest: string, before: KindModel | undefined): KindModel {
    const { line } = option;
    const kind = { service: before?.service ?? false, events: before?.events ?? false, line };
    const set = (name: string, value: Token | undefined): void => {
      const known = name === 'service' || name === 'events';
      if (known && value?.kind === 'word' && /^(true|false)$/.test(value.text)) kind[name] = value.text === 'true';
      else
        this.#problem(
          line,
          `(stmp.kind) is written as { service: true } or { events: true }, or both; not with ${name}`,
        );
    };
    if (rest !== '') {
      set(rest, option.value[0]);
      return kind;
    }
    const words = option.value.filter((token) => token.kind !== 'symbol');
    for (let i = 0; i < words.length; i += 2) set(words[i]?.text ?? '', words[i + 1]);
    if (option.value[0]?.text !== '{') set('a plain value', undefined);
    return kind;
  }

  #problem(line: number, message: string): void {
    this.#problems.push({ file: this.#file, line, message });
  }
}
