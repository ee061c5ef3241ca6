// The life of a client in Chromium: mounted twice, without its server, with it, and with one that is silent.
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createServer } from '@stmp/connection';
import { plainJsonCodec } from '@stmp/payload-json';
import { wsListener } from '@stmp/transport-ws/server';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, findChromium, openBrowser, sourceAliases } from './chromium.js';

const PAGE = '<!doctype html><title>life</title><script type="module" src="/page.js"></script>';
const chromium = findChromium('the life of a client in a browser');

describe.skipIf(chromium === undefined)('the life of a client in Chromium', () => {
  let browser: Browser | undefined;
  let http: HttpServer;
  let page: Page;
  const crashes: string[] = [];

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('life-page.ts', import.meta.url))],
      alias: sourceAliases(),
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      write: false,
      logLevel: 'warning',
    });
    browser = await openBrowser(chromium!);
    page = await browser.context.newPage();
    page.on('pageerror', (error) => crashes.push(String(error)));
    // Of a server of its own: pages of none, and what is not loopback, may not connect to it.
    http = createHttpServer(({ url }, response) => {
      const isScript = url === '/page.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? outputFiles[0]!.text : PAGE);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
    await page.waitForFunction('typeof mount === "function"');
  });
  afterAll(async () => {
    await browser?.close();
    http.close();
    http.closeAllConnections();
  });

  it('says why it waits, comes back when told, and shows that its server is silent', async () => {
    const open = () =>
      createServer({ codecs: [plainJsonCodec()], listeners: [wsListener({ allowedOrigins: () => true })] });
    const probe = open();
    const { address } = await probe.listen('ws://127.0.0.1:0/life');
    await probe.close();

    await page.evaluate(`mount(${JSON.stringify(address)})`);
    await page.waitForFunction('last()?.name === "waiting"');
    const states = (await page.evaluate('states')) as { name: string; reason?: string }[];
    expect(states.slice(0, 3).map(({ name }) => name)).toEqual(['connecting', 'closed', 'connecting']);
    expect(states.at(-1)!.reason).toContain('the browser does not say why (close code 1006)');

    const server = open();
    await server.listen(address);
    await page.waitForFunction('retry() || last().name === "ready"');
    await page.waitForFunction('measured().roundTripMs >= 0');

    const [connection] = server.connections;
    const link = (connection as unknown as { link: { pause(): void; resume(): void } }).link;
    link.pause();
    await page.waitForFunction('last().stale === true');
    expect(await page.evaluate('measured().lastHeardMs')).toBeGreaterThanOrEqual(1_000);
    link.resume();
    await page.waitForFunction('last().name === "ready" && last().stale === false');
    expect(crashes).toEqual([]);
    await server.close();
  });
});
