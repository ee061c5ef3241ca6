// The connection table in Chromium: the same cases, from a page that may run nothing but its own script.
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@stmp/connection';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { wsListener } from '@stmp/transport-ws/server';
import type { Page } from 'playwright-core';
import { eventually } from 'test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLE_CASES } from '../table/cases.js';
import { implementTable } from '../table/service.js';
import { type Browser, bundlePage, findChromium, openBrowser } from './chromium.js';

const chromium = findChromium('the connection table in a browser');
const PAGE = '<!doctype html><title>table</title><script type="module" src="/page.js"></script>';
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";

const ROWS = [
  { packetFormat: 'binary', contentType: 'application/protobuf' },
  { packetFormat: 'binary', contentType: 'application/msgpack' },
  { packetFormat: 'binary', contentType: 'application/json' },
  { packetFormat: 'text', contentType: 'application/json' },
];

describe.skipIf(chromium === undefined)('the connection table in Chromium', () => {
  const reported: string[] = [];
  const complaints: string[] = [];
  const server = createServer<unknown, unknown>({
    codecs: [protobufCodec(), msgpackCodec(), jsonCodec()],
    listeners: [wsListener()],
    hooks: { onError: (error) => void reported.push((error as Error).message) },
  });
  let http: HttpServer;
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    const [script, opened] = await Promise.all([
      bundlePage(new URL('table-page.ts', import.meta.url)),
      openBrowser(chromium!),
    ]);
    browser = opened;
    http = createHttpServer(({ url }, response) => {
      const isScript = url === '/page.js';
      response.setHeader('Content-Security-Policy', POLICY);
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : PAGE);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    implementTable(server);
    await server.listen(`ws://127.0.0.1:${port}/table`, { server: http });
    page = await browser.context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction('typeof runCase === "function"');
  });
  afterAll(async () => {
    try {
      // Every case has closed what it opened, and nothing came up that the policy forbids.
      await eventually(() => expect(server.counters().connectionsOpen).toBe(0));
      expect(complaints).toEqual([]);
      expect(new Set(reported)).toEqual(new Set(['secret']));
    } finally {
      await browser?.close();
      await server.close();
      http.close();
      http.closeAllConnections();
    }
  });

  it('forbids the page to make code from text', async () => {
    // Through an element of the page, since the test's own scripts stand above the policy.
    const outcome = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => resolve(violatedDirective), { once: true });
      const script = document.createElement('script');
      script.textContent = 'globalThis.forbidden = true';
      document.head.append(script);
      setTimeout(() => resolve('allowed'), 2000);
    })`);
    expect(outcome).toBe('script-src-elem');
    complaints.splice(0);
  });

  it.each([
    ['application/protobuf, application/msgpack, application/json', /^STMP0{1,2}\nH.*Content-Type:application\/json/],
    // In bytes: the content type is looked at before the packet format is settled.
    ['application/protobuf, application/msgpack', /^53 54 4d 50 20/],
  ])('under text packets %s are answered %s', async (accept, answer) => {
    expect(await page.evaluate(`welcome([${JSON.stringify(accept)}])`)).toMatch(answer);
  });

  for (const { packetFormat, contentType } of ROWS) {
    describe.concurrent(`${packetFormat}, ${contentType.slice('application/'.length)}`, () => {
      for (const { name } of TABLE_CASES) {
        it(name, async () => {
          const call = `runCase(${JSON.stringify(name)}, ${JSON.stringify(contentType)}, ${JSON.stringify(packetFormat)})`;
          expect(await page.evaluate(call)).toBe('');
        });
      }
    });
  }
});
