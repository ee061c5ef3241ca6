import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../src/cli.js';
import { generate, loadServices } from '../src/index.js';
import { type StmpGenPlugin, stmpGen } from '../src/vite.js';
import { proto, text } from './helpers.js';

const blocks = (language: string): string[] =>
  [...text('../README.md').matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    (match) => match[1] ?? '',
  );

it('the command of the README makes what its program imports', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'stmp-'));
  try {
    mkdirSync(join(cwd, 'proto'));
    writeFileSync(join(cwd, 'proto/chat.proto'), blocks('proto')[0] ?? '');
    const command = blocks('sh').find((block) => block.startsWith('npx stmp-gen ')) ?? '';
    const code = runCli(command.trim().split(' ').slice(2), { cwd, out: () => {}, err: () => {} });
    expect(code).toBe(0);
    const generated = readFileSync(join(cwd, 'src/generated/chat.ts'), 'utf8');
    expect(generated).toContain("from 'stmp' with { 'resolution-mode': 'import' };");
    expect(generated).toContain('/** Says something to everybody. */');
    expect(generated).toContain('export const ChatService: ServiceType<');
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

it('the plugin for Vite of the README makes it too', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'stmp-'));
  try {
    mkdirSync(join(cwd, 'proto'));
    writeFileSync(join(cwd, 'proto/chat.proto'), blocks('proto')[0] ?? '');
    const config = blocks('ts').find((block) => block.includes('defineConfig')) ?? '';
    const body = config.replace(/^import .*\n/gm, '').replace('export default', 'return');
    const { plugins } = new Function('stmpGen', 'defineConfig', body)(stmpGen, (given: unknown) => given) as {
      plugins: StmpGenPlugin[];
    };
    const quiet = { info: () => {}, warn: () => {}, error: () => {} };
    plugins[0]?.configResolved({ root: cwd, command: 'serve', logger: quiet });
    plugins[0]?.buildStart.call({ addWatchFile: () => {}, error: () => expect.unreachable() });
    expect(readFileSync(join(cwd, 'src/generated/chat.ts'), 'utf8')).toContain('export const ChatService');
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

it('the options of the README have the effect it names', () => {
  const body = `message User {} ${(blocks('proto')[1] ?? '').replace('import "stmp.proto";', '')}`;
  const read = (name: string) => (name === 'a.proto' ? { text: proto(body), shown: name } : undefined);
  const output = generate({ files: ['a.proto'], read })[0]?.text;
  expect(output).toContain('Presence: EventsType<');
  expect(output).toContain('action: 0x1101,');
});

it('the program of the README loads its services', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'stmp-'));
  try {
    mkdirSync(join(cwd, 'proto'));
    writeFileSync(join(cwd, 'proto/chat.proto'), blocks('proto')[0] ?? '');
    const program = blocks('ts').find((block) => block.includes('loadServices')) ?? '';
    const said: unknown[][] = [];
    new Function('loadServices', 'console', program.replace(/^import .*\n/m, ''))(
      (files: string[]) => loadServices(files, { cwd }),
      { log: (...args: unknown[]) => said.push(args) },
    );
    expect(said).toEqual([[['say'], 1]]);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

it('the program of the README runs', () => {
  const program = blocks('ts').at(-1) ?? '';
  const said: unknown[][] = [];
  const body = program.replace(/^import .*\n/m, '').replace('(name: string)', '(name)');
  new Function('generate', 'console', body)(generate, {
    log: (...args: unknown[]) => said.push(args),
  });
  expect(said).toEqual([['a.ts', expect.any(Number)]]);
});
