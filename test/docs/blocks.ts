// Takes programs and fragments out of Markdown pages.

export interface Block {
  /** `port-link.ts`, of a block that begins with `// file: port-link.ts`: other blocks import it. */
  readonly file: string | undefined;
  /** `docs/limits.md:12`, where the block begins. */
  readonly where: string;
  readonly language: 'ts' | 'js';
  readonly text: string;
  /** It imports what it uses and is no `<!-- checked only -->`: it is run. Others are only checked. */
  readonly isProgram: boolean;
}

/** The blocks of TypeScript and JavaScript in a page, in order. */
export function blocksOf(page: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const [, indent = '', language] = /^( *)```(ts|js)$/.exec(lines[i]!) ?? [];
    if (language === undefined) continue;
    const start = i + 1;
    const end = lines.indexOf(`${indent}\`\`\``, start);
    if (end < 0) throw new Error(`${page}:${start}: the block has no end`);
    const text = lines.slice(start, end).map((line) => line.slice(indent.length));
    const before = lines.slice(0, i).findLast((line) => line.trim() !== '');
    const file = /^\/\/ file: (\S+)$/.exec(text[0] ?? '')?.[1];
    blocks.push({
      file,
      where: `${page}:${start}`,
      language: language as 'ts' | 'js',
      text: `${text.join('\n')}\n`,
      isProgram:
        file === undefined && text.some((line) => /^import (?!type )/.test(line)) && before !== '<!-- checked only -->',
    });
    i = end;
  }
  return blocks;
}

/** The name of the file that a block becomes. */
export function fileOf({ file, where, language }: Block): string {
  return file ?? `${where.replace(/[^a-z0-9]+/gi, '-')}.${language}`;
}

/** What the comments behind `console.log(…)` say is printed. */
export function promisesOf(program: string): string[] {
  return [...program.matchAll(/console\.log\(.*\);? \/\/ (.+)$/gm)].map((match) => match[1]!.replace(/^'(.*)'$/, '$1'));
}
