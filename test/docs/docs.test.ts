// The code in the pages. A block that imports what it uses is a program: it is checked and run, has to end by itself
// with nothing on stderr, and prints what the comments behind its console.log say. Other blocks are fragments: they are
// checked with the names of fragments.ts. `<!-- checked only -->` before a program keeps it from being run.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
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

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

let project: Project;
let problems: string[];
beforeAll(async () => {
  project = createProject();
  project.add('globals.d.ts', FRAGMENT_GLOBALS);
  for (const block of blocks) project.add(fileOf(block), `${block.text}export {};\n`);
  const ports = await freePorts(2);
  const usePorts = (text: string): string =>
    text.replaceAll('127.0.0.1:5001', `127.0.0.1:${ports[0]}`).replaceAll('127.0.0.1:5002', `127.0.0.1:${ports[1]}`);
  project.add('front-server.ts', usePorts(serverProgram.text));
  project.add('front-client.ts', usePorts(`${clientProgram.text}export { room };\n`));
  project.add('front-picked.ts', usePorts(`${pickedProgram.text}export { client };\n`));
  project.add(
    'front.ts',
    `import './front-server.js';
    const { room } = await import('./front-client.js');
    console.log(room.name, room.users.length);
    process.exit();`,
  );
  project.add(
    'picked.ts',
    `import { client } from './front-picked.js';
    console.log(client.state.name, client.connection?.contentType);
    process.exit();`,
  );
  for (const [i, block] of front.entries()) {
    if (![serverProgram, clientProgram, pickedProgram].includes(block)) project.add(`front-${i}.ts`, block.text);
  }
  problems = project.compile();
}, 60_000);
afterAll(() => project.remove());

describe('pages', () => {
  it('have programs, and links that lead somewhere', () => {
    expect(docs.length).toBeGreaterThanOrEqual(12);
    expect(programs.length).toBeGreaterThanOrEqual(pages.length);
    const broken = [...pages, 'README.md'].flatMap((page) => {
      const base = new URL(page, 'file:///');
      return [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g)]
        .map((match) => new URL(match[1]!, base).pathname.slice(1))
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${page}: ${path}`);
    });
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
      const { status, stdout, stderr } = await project.run(fileOf(block).replace(/\.ts$/, '.js'));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const lines = stdout.split('\n');
      for (const promise of promisesOf(block.text)) expect(lines).toContain(promise);
    });
  }

  it('README.md, server and client', async ({ expect }) => {
    expect(await project.run('front.js')).toEqual({ status: 0, stdout: 'lobby 1\n', stderr: '' });
  });

  it('README.md, picked packages', async ({ expect }) => {
    expect(await project.run('picked.js')).toEqual({ status: 0, stdout: 'ready application/json\n', stderr: '' });
  });
});
