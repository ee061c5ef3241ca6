// The packages as a user gets them: packed, unpacked into the node_modules of an empty folder, third-party packages linked.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'stmp-tarballs-'));
const published = readdirSync(join(root, 'packages'))
  .map((folder) => join(root, 'packages', folder, 'package.json'))
  .filter((manifest) => existsSync(manifest))
  .map(
    (manifest) => JSON.parse(readFileSync(manifest, 'utf8')) as { readonly name: string; readonly private?: boolean },
  )
  .flatMap((manifest) => (manifest.private ? [] : manifest.name));
const packed = new Map<string, string>();

function dependenciesOf(manifestFolder: string): string[] {
  const { dependencies = {} } = JSON.parse(readFileSync(join(manifestFolder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(dependencies);
}

/** Makes a project that has installed these packages, with nothing that they did not declare. */
function project(name: string, packages: readonly string[], more: readonly string[] = []): string {
  const folder = join(work, name);
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  const link = (dependency: string): void => {
    const target = join(folder, 'node_modules', dependency);
    if (existsSync(target)) return;
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(root, 'node_modules', dependency), target);
  };
  const install = (dependency: string): void => {
    const tarball = packed.get(dependency);
    if (tarball === undefined) {
      link(dependency);
      return;
    }
    const target = join(folder, 'node_modules', dependency);
    if (existsSync(target)) return;
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
    for (const next of dependenciesOf(target)) install(next);
  };
  for (const one of packages) install(one);
  for (const one of more) link(one);
  return folder;
}

function run(folder: string, file: string, text: string): string {
  writeFileSync(join(folder, file), text);
  const result = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  return result.stdout;
}

function typecheck(folder: string, resolution: 'nodenext' | 'bundler', skipLibCheck = false): void {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    module: resolution === 'bundler' ? 'esnext' : 'nodenext',
    moduleResolution: resolution,
    strict: true,
    noEmit: true,
    types: ['node'],
    skipLibCheck,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const result = spawnSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(result.stdout + result.stderr).toBe('');
}

const ECHO = `
  server.implement(Echo, { say: ({ text }) => ({ text: text + '!' }) });
  const { address } = await server.listen('tcp://127.0.0.1:0');
  const client = await connect(address, clientOptions);
  console.log((await client.service(Echo).say({ text: 'hello' })).text);
  await client.close();
  await server.close();
`;
const ECHO_PROTO = `syntax = "proto3";
package test;
message Line { string text = 1; }
service EchoService { rpc Say(Line) returns (Line); }
`;
const ECHO_SERVER = `import { createServer } from 'stmp';
import { loadServices } from '@stmp/protoc-gen-stmp';
const server = createServer();
const { services } = loadServices(['echo.proto']);
server.implement(services.get('test.EchoService'), { say: ({ text }) => ({ text: text + '!' }) });
console.log((await server.listen('tcp://127.0.0.1:0')).address);
process.stdin.resume().on('end', () => server.close());
`;
const DEFINE = `const Echo = defineService('test.EchoService', { say: method({}) });`;

beforeAll(() => {
  const out = execFileSync(
    'npm',
    ['pack', '--json', '--silent', '--pack-destination', work, ...published.flatMap((name) => ['-w', name])],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const list = JSON.parse(out) as
    | { name: string; filename: string; files: { path: string }[] }[]
    | Record<string, { name: string; filename: string; files: { path: string }[] }>;
  for (const entry of Object.values(list)) {
    packed.set(entry.name, join(work, entry.filename));
    const stray = entry.files.filter(({ path }) => /tsbuildinfo|(^|\/)test\/|\.test\./.test(path));
    expect(stray, entry.name).toEqual([]);
  }
  expect([...packed.keys()].sort()).toEqual(published.sort());
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('packed tarballs', () => {
  it('@stmp/packet alone', () => {
    const folder = project('packet-alone', ['@stmp/packet']);
    expect(readdirSync(join(folder, 'node_modules'))).toEqual(['@stmp']);
    const program = `import { encodePacket } from '@stmp/packet';
      console.log(Buffer.from(encodePacket({ kind: 'request', mid: 1, action: 0x1001 }, 'stream')).toString('hex'));`;
    expect(run(folder, 'main.mjs', program).trim()).toBe('a001008120');
    const required = `const { decodePacket } = require('@stmp/packet');
      console.log(decodePacket(Uint8Array.of(0x80), 'stream').kind);`;
    expect(run(folder, 'main.cjs', required).trim()).toBe('ping');
  });

  const CHERRY = ['@stmp/connection', '@stmp/transport-tcp', '@stmp/payload-json'];
  const assembly = (load: (name: string, from: string) => string): string => `
    ${load('createServer, connect', '@stmp/connection')}
    ${load('tcpListener, tcpDialer', '@stmp/transport-tcp')}
    ${load('jsonCodec', '@stmp/payload-json')}
    ${load('defineService, method', '@stmp/contract')}
    ${DEFINE}
    const server = createServer({ codecs: [jsonCodec()], listeners: [tcpListener()] });
    const clientOptions = { codecs: [jsonCodec()], dialers: [tcpDialer()] };`;

  it('tcp + json + connection, cherry-picked, from ESM and require', () => {
    const folder = project('cherry', CHERRY);
    expect(
      run(folder, 'main.mjs', assembly((names, from) => `import { ${names} } from '${from}';`) + ECHO).trim(),
    ).toBe('hello!');
    const required = assembly((names, from) => `const { ${names} } = require('${from}');`);
    expect(run(folder, 'main.cjs', `${required}\n(async () => {${ECHO}})();`).trim()).toBe('hello!');
  });

  const META = (load: (names: string) => string): string => `
    ${load('connect, createServer, defineService, method, jsonCodec')}
    ${DEFINE}
    const server = createServer({ codecs: [jsonCodec()] });
    const clientOptions = { codecs: [jsonCodec()] };`;

  it('stmp, from ESM and require', () => {
    const folder = project('meta', ['stmp']);
    expect(run(folder, 'main.mjs', META((names) => `import { ${names} } from 'stmp';`) + ECHO).trim()).toBe('hello!');
    expect(
      run(
        folder,
        'main.cjs',
        `${META((names) => `const { ${names} } = require('stmp');`)}\n(async () => {${ECHO}})();`,
      ).trim(),
    ).toBe('hello!');
  });

  it('stmp as one file for a page', () => {
    const folder = project('page', ['stmp']);
    const program = `import { createClient } from 'stmp/browser'; console.log(createClient('ws://127.0.0.1:1/').state.name);`;
    expect(run(folder, 'main.mjs', program).trim()).toBe('idle');
  });

  it('@stmp/cli calls a server', async () => {
    const folder = project('cli', ['@stmp/cli']);
    writeFileSync(join(folder, 'echo.proto'), ECHO_PROTO);
    writeFileSync(join(folder, 'server.mjs'), ECHO_SERVER);
    const server = spawn(process.execPath, ['server.mjs'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [address] = (await once(server.stdout, 'data')) as [Buffer];
      const program = join(folder, 'node_modules/@stmp/cli/bin/stmp.js');
      const call = ['call', String(address).trim(), 'EchoService.Say', '{"text":"hello"}', '--proto', 'echo.proto'];
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...call], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '{"text":"hello!"}\n', stderr: '' });
    } finally {
      // It ends with its input.
      server.stdin.end();
      await once(server, 'close');
    }
  });

  const TYPED = `
    import { connect, createServer, defineService, method, type Client } from 'stmp';
    import { tcpDialer } from '@stmp/transport-tcp';
    import { wsListener } from '@stmp/transport-ws/server';
    const Echo = defineService('test.EchoService', { say: method<{ text: string }, { text: string }>() });
    const server = createServer({ authenticate: () => ({ identity: { user: 'a' } }) });
    server.implement(Echo, { say: ({ text }, { connection }) => ({ text: text + connection.identity.user }) });
    export const client: Promise<Client> = connect('tcp://127.0.0.1:1', { dialers: [tcpDialer()] });
    export const answer: Promise<{ text: string }> = client.then((c) => c.service(Echo).say({ text: 'x' }));
    // @ts-expect-error a wrong field
    void client.then((c) => c.service(Echo).say({ txt: 'x' }));
    export const listener = wsListener();
  `;
  for (const resolution of ['nodenext', 'bundler'] as const) {
    it(`TypeScript, moduleResolution ${resolution}, library declarations checked`, () => {
      const folder = project(`types-${resolution}`, ['stmp'], ['@types/node', 'undici-types']);
      writeFileSync(join(folder, 'main.ts'), TYPED);
      typecheck(folder, resolution);
    });
  }
});

describe('the first program of README.md', () => {
  const page = readFileSync(join(root, 'README.md'), 'utf8');
  const section = page.slice(page.indexOf('In an empty folder'), page.indexOf('\n## '));
  const blocks = [...section.matchAll(/(?:`([\w./]+)`:\n\n)?^```(\w+)\n(.*?)^```/gms)].map(
    ([, named, language = '', text = '']) => ({
      language,
      text,
      path: named ?? /^\/\/ \w+: ([\w./]+)/.exec(text)?.[1],
    }),
  );
  const children: { readonly pid: number | undefined; readonly closed: Promise<unknown> }[] = [];
  afterAll(async () => {
    for (const { pid } of children) {
      try {
        // The whole group: tsx runs the program in a process of its own.
        process.kill(-(pid ?? Number.NaN), 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    await Promise.all(children.map((child) => child.closed));
  });

  /** Two ports that nobody uses now. */
  async function freePorts(): Promise<number[]> {
    const servers = [createTcpServer(), createTcpServer()];
    const ports: number[] = [];
    for (const server of servers) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ports.push((server.address() as AddressInfo).port);
    }
    for (const server of servers) server.close();
    return ports;
  }

  it('runs as written, in an empty folder', async () => {
    // What `npm install` would do; its arguments are what is linked.
    const names = [...section.matchAll(/^npm install (?:--save-dev )?(.*)$/gm)].flatMap(([, list = '']) =>
      list.split(' '),
    );
    expect(names).toEqual(['stmp', '@stmp/protoc-gen-stmp', 'tsx', 'typescript', '@types/node']);
    const folder = project('first', ['stmp', '@stmp/protoc-gen-stmp'], ['tsx', '@types/node', 'undici-types']);
    rmSync(join(folder, 'package.json'));
    const bin = join(folder, 'node_modules/.bin');
    mkdirSync(bin);
    symlinkSync('../@stmp/protoc-gen-stmp/bin/stmp-gen.js', join(bin, 'stmp-gen'));
    symlinkSync(join(root, 'node_modules/tsx/dist/cli.mjs'), join(bin, 'tsx'));
    symlinkSync(join(root, 'node_modules/@typescript/native/bin/tsc'), join(bin, 'tsc'));

    const env = { ...process.env, npm_config_update_notifier: 'false', npm_config_offline: 'true' };
    const [tcp, ws] = await freePorts();
    const start = async (command: string, output: string): Promise<void> => {
      // Not by npx, which would stay between us and the program.
      const [program = '', ...args] = command.replace(/^npx /, '').split(' ');
      const child = spawn(process.execPath, [join(bin, program), ...args], { cwd: folder, env, detached: true });
      children.push({ pid: child.pid, closed: once(child, 'close') });
      let said = '';
      child.stderr.on('data', (text) => (said += String(text)));
      const done = new Promise<void>((resolve, reject) => {
        child.on('close', () => reject(new Error(`${command} ended: ${said}`)));
        child.stdout.on('data', (text) => {
          said += String(text);
          if (said.includes(output)) resolve();
        });
      });
      await done;
    };
    for (const { language, text, path } of blocks) {
      if (path !== undefined) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text.replaceAll('5001', String(tcp)).replaceAll('5002', String(ws)));
        continue;
      }
      expect(language).toBe('sh');
      for (const command of text.trim().split('\n')) {
        if (command.startsWith('npm install')) continue;
        if (command.includes('server.ts')) await start(command, 'listening');
        else if (command.includes('client.ts')) {
          await start(command, 'lobby: 1 here');
          await start(command, 'lobby: 2 here');
        } else execFileSync('sh', ['-c', command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
      }
    }
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: string };
    expect(manifest.type).toBe('module');
    const { stdout, status } = spawnSync('npx', ['tsc'], { cwd: folder, env, encoding: 'utf8' });
    expect([stdout, status]).toEqual(['', 0]);
    const client = readFileSync(join(folder, 'src/client.ts'), 'utf8').replace('room.users', 'room.user');
    writeFileSync(join(folder, 'src/client.ts'), client);
    expect(spawnSync('npx', ['tsc'], { cwd: folder, env, encoding: 'utf8' }).stdout).toMatch(
      /^src\/client\.ts.*'user'/,
    );
  });
});
