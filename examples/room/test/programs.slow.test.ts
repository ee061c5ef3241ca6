import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Program, run } from './support/process.js';

interface Started {
  readonly program: Program;
  readonly page: string;
  readonly tcp: string;
  readonly ws: string;
  readonly kcp: string;
}

async function server(...args: readonly string[]): Promise<Started> {
  const program = run('main.js', ['--http', '0', '--tcp', '0', '--kcp', '0', ...args]);
  await program.line(/^Ctrl-C/);
  const found = (what: RegExp): string => program.lines.map((line) => what.exec(line)?.[0]).find(Boolean) ?? '';
  return {
    program,
    page: found(/https?:\S+/),
    tcp: found(/(tcp|tls):\S+/),
    ws: found(/wss?:\S+/),
    kcp: found(/kcps?:\S+/),
  };
}

const bot = (...args: readonly string[]): Program => run('terminal/main.js', args);

describe('the programs', () => {
  it('talk over TCP, WebSocket and KCP, and say goodbye', async () => {
    const { program, tcp, ws, kcp, page } = await server();
    expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const ann = bot(tcp, 'ann');
    const bob = bot(ws, 'bob');
    await ann.line(/^\* connected/);
    await bob.line(/^\* connected/);
    ann.type('/create lobby');
    await ann.line(/^\* you are in lobby: ann$/);
    bob.type('/join nowhere');
    bob.type('/join lobby');
    await bob.line(/^\* you are in lobby: ann, bob$/);
    await ann.line(/^\+ bob entered$/);
    bob.type('hello \u001b[31mred\u001b[0m');
    expect(await ann.line(/^< /)).toBe('< bob: hello ␛[31mred␛[0m');
    ann.type('//slash');
    await bob.line(/^< ann: \/slash$/);
    ann.type('/what');
    ann.type('/who');
    await ann.line(/^\* in lobby: ann, bob$/);
    const joe = bot(kcp, 'joe');
    joe.type('/join lobby');
    await joe.line(/^< ann: \/slash$/);
    joe.type('/users');
    await joe.line(/^\* {3}joe in lobby$/);
    joe.process.stdin.end();
    expect(await joe.ended).toBe(0);
    await bob.line(/^- joe left$/);
    await bob.line(/^= joe is offline$/);
    bob.type('/quit');
    expect(await bob.ended).toBe(0);
    await ann.line(/^- bob left$/);
    await ann.line(/^= bob is offline$/);
    ann.process.kill('SIGTERM');
    expect(await ann.ended).toBe(0);

    expect(ann.lines).toEqual([
      `* connected to ${tcp} as ann`,
      ...(ann.lines.includes('= bob is online') ? ['= bob is online'] : []),
      '* you are in lobby: ann',
      '+ bob entered',
      '< bob: hello ␛[31mred␛[0m',
      '> ann: /slash',
      '! there is no /what; /help lists what there is',
      '* in lobby: ann, bob',
      '= joe is online',
      '+ joe entered',
      '- joe left',
      '= joe is offline',
      '- bob left',
      '= bob is offline',
      '* goodbye',
    ]);
    expect(bob.lines).toContain('! there is no such room');
    program.process.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.lines.slice(-2)).toEqual(['Goodbye; 0 connections to close.', 'The room is closed.']);
  });

  it('end with a word where they cannot begin', async () => {
    const { tcp, program } = await server();
    const ann = bot(tcp, 'ann');
    await ann.line(/^\* connected/);
    const cases: readonly (readonly [args: readonly string[], line: string])[] = [
      [[tcp, 'ann'], '! name is taken'],
      [[tcp, 'an'], '! name must have 3 to 31 bytes, got 2'],
      [['ftp://127.0.0.1', 'joe'], '! no transport for "ftp:"; known schemes: tcp, tls, ws, wss, kcp, kcps, unix'],
      [[tcp], '! without a terminal to ask, the name must be an argument'],
    ];
    await Promise.all(
      cases.map(async ([args, line]) => {
        const one = bot(...args);
        expect([await one.ended, one.lines]).toEqual([1, [line]]);
      }),
    );
    const port = new URL(tcp.replace('tcp', 'http')).port;
    const second = run('main.js', ['--http', '0', '--tcp', port]);
    expect(await second.ended).toBe(1);
    // Ctrl-C, with somebody there.
    program.process.kill('SIGINT');
    expect(await program.ended).toBe(0);
    expect(program.lines).toContain('Goodbye; 1 connection to close.');
    await ann.line(/^\* the connection is lost; trying again$/);
  });

  it('serve the page and its neighbours under a strict policy', async () => {
    const { page } = await server();
    const at = new URL(page);
    const get = (path: string, method = 'GET'): Promise<{ status: number; headers: Record<string, unknown> }> =>
      new Promise((resolve, reject) => {
        const asked = request({ host: at.hostname, port: at.port, path, method }, (response) => {
          response.resume();
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
        });
        asked.on('error', reject).end();
      });
    const statuses: readonly (readonly [path: string, method: string, status: readonly number[]])[] = [
      // 503: not built here.
      ['/', 'GET', [200, 503]],
      ['/?x=1', 'HEAD', [200, 503]],
      ['/', 'POST', [405]],
      ['/stmp', 'GET', [426]],
      ['/stmp?x', 'GET', [426]],
      ['/nothing.js', 'GET', [404]],
      ['/../../package.json', 'GET', [404]],
      ['/..%2f..%2fpackage.json', 'GET', [404]],
      ['/%2e%2e/%2e%2e/package.json', 'GET', [404]],
      ['/..\\..\\package.json', 'GET', [404]],
      ['//etc/passwd', 'GET', [404]],
      ['/%00.html', 'GET', [404]],
      ['/%', 'GET', [404]],
      ['/.hidden.js', 'GET', [404]],
    ];
    for (const [path, method, expected] of statuses) {
      const { status } = await get(path, method);
      expect(expected, `${method} ${path} is ${status}`).toContain(status);
    }
    const { headers } = await get('/');
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});
