// The code in the pages. A block that imports what it uses is a program: it is checked and run, has to end by itself
// with nothing on stderr, and prints what the comments behind its console.log say. Other blocks are fragments: they are
// checked with the names of fragments.ts. `<!-- checked only -->` before a program keeps it from being run.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, blocksOf, fileOf, promisesOf } from './blocks.js';
import { FRAGMENT_GLOBALS } from './fragments.js';
import { createProject, type Project, root } from './project.js';

const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const docs = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
const readmes = readdirSync(join(root, 'packages'))
  // Its test makes the code that its programs import.
  .filter((name) => name !== 'protoc-gen-stmp')
  .map((name) => `packages/${name}/README.md`)
  .filter((page) => existsSync(join(root, page)));
const pages = [...docs.map((file) => `docs/${file}`), ...readmes];

/** Programs for somebody who brings the rest: what they are not to be run for. */
const CHECKED_ONLY: Record<string, string> = {
  'packages/packet/README.md': 'closeWith(-next)',
  'packages/kcp/README.md': 'mySend(datagram)',
};

const blocks: Block[] = pages.flatMap((page) =>
  blocksOf(page, read(page)).map((block) => {
    const marker = CHECKED_ONLY[page];
    return marker !== undefined && block.text.includes(marker) ? { ...block, isProgram: false } : block;
  }),
);
const programs = blocks.filter(({ isProgram }) => isProgram);

/** The programs of the front page, which begin with a comment that says what they are. */
const front = blocksOf('README.md', read('README.md'));
const serverProgram = front.find(({ text }) => text.startsWith('// server'))!;
const clientProgram = front.find(({ text }) => text.startsWith('// client'))!;
const pickedProgram = front.find(({ text }) => text.includes("from '@stmp/connection'"))!;

/** With ports that the system chooses, for programs that name theirs. */
const anyPort = (text: string): string =>
  `import { at } from './addresses.js';\n${text
    .replace(/await server\.listen\('(.*?):\d+(\/.*?)?'\)/g, "at['$1$2'] = (await server.listen('$1:0$2')).address")
    .replace(/(connect|createClient)\('(.*?):\d+(\/.*?)?'/g, "$1(at['$2$3']!")}`;

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(target: string): string[] {
  const page = target.endsWith('.md') ? target : `${target}/README.md`;
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

let project: Project | undefined;
let problems: string[];
beforeAll(() => {
  const made = createProject();
  project = made;
  made.add('globals.d.ts', FRAGMENT_GLOBALS);
  for (const block of blocks) made.add(fileOf(block), `${block.text}export {};\n`);
  made.add('addresses.ts', 'export const at: Record<string, string> = {};');
  made.add('front-server.ts', anyPort(serverProgram.text));
  made.add('front-client.ts', anyPort(`${clientProgram.text}export { room };\n`));
  made.add('front-picked.ts', anyPort(`${pickedProgram.text}export { client };\n`));
  made.add(
    'front.ts',
    `import './front-server.js';
    const { room } = await import('./front-client.js');
    console.log(room.name, room.users.length);
    process.exit();`,
  );
  made.add(
    'picked.ts',
    `import { client } from './front-picked.js';
    console.log(client.state.name, client.connection?.contentType);
    process.exit();`,
  );
  for (const [i, block] of front.entries()) {
    if (![serverProgram, clientProgram, pickedProgram].includes(block)) made.add(`front-${i}.ts`, block.text);
  }
  problems = made.compile();
});
afterAll(() => project?.remove());

describe('pages', () => {
  it('have programs, and links that lead somewhere', () => {
    const without = pages.filter((page) => !programs.some(({ where }) => where.startsWith(`${page}:`)));
    expect(without).toEqual(['docs/packages.md', 'docs/performance.md']);
    const broken = [...pages, 'README.md'].flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
        .filter(([, path, anchor]) => {
          const target = path === '' ? page : new URL(path!, new URL(page, 'file:///')).pathname.slice(1);
          return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
        })
        .map(([link]) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('compile', () => {
    const shown = problems.map((line) => {
      const block = blocks.find((one) => line.includes(fileOf(one)));
      return block === undefined ? line : `${block.where} ${line}`;
    });
    expect(shown).toEqual([]);
  });
});

describe.concurrent('programs', () => {
  for (const block of programs) {
    it(block.where, async ({ expect }) => {
      const { status, stdout, stderr } = await project!.run(fileOf(block).replace(/\.ts$/, '.js'));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const lines = stdout.split('\n');
      for (const promise of promisesOf(block.text)) expect(lines).toContain(promise);
    });
  }

  it('README.md, server and client', async ({ expect }) => {
    expect(await project!.run('front.js')).toEqual({
      status: 0,
      stdout: 'listening\nlobby: 1 here\nlobby 1\n',
      stderr: '',
    });
  });

  it('README.md, picked packages', async ({ expect }) => {
    expect(await project!.run('picked.js')).toEqual({ status: 0, stdout: 'ready application/json\n', stderr: '' });
  });
});

describe('blocks', () => {
  const page = [
    '```sh',
    'import not this',
    '```',
    '- in a list',
    '  ```ts',
    "  import { a } from 'a';",
    '  console.log(a); // 1',
    '  ```',
    '<!-- checked only -->',
    '',
    '```js',
    "import { a } from 'a';",
    '```',
    '```ts',
    '// file: one.ts',
    "import { a } from 'a';",
    '```',
    '```ts',
    "import type { A } from 'a';",
    '```',
  ];

  it('are taken out of a page', () => {
    const found = blocksOf('docs/a.md', page.join('\n'));
    expect(found.map((block) => [block.where, fileOf(block), block.isProgram])).toEqual([
      ['docs/a.md:5', 'docs-a-md-5.ts', true],
      ['docs/a.md:11', 'docs-a-md-11.js', false],
      ['docs/a.md:14', 'one.ts', false],
      ['docs/a.md:18', 'docs-a-md-18.ts', false],
    ]);
    expect(found[0]!.text).toBe("import { a } from 'a';\nconsole.log(a); // 1\n");
    expect(() => blocksOf('docs/a.md', '```ts\nopen')).toThrow('docs/a.md:1: the block has no end');
  });

  it('say what they print', () => {
    const program = "console.log(f('a')); // a b\nif (x) console.log(1) // 'quoted'\nlog(2); // no\nconsole.log(3);";
    expect(promisesOf(program)).toEqual(['a b', 'quoted']);
  });
});
