import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, bundlePage, findChromium, openBrowser } from '../../../test/browser/chromium.js';

const chromium = findChromium('the conformance kits in a browser');

describe.skipIf(chromium === undefined)('in Chromium', () => {
  let browser: Browser | undefined;
  let page: Page;
  beforeAll(async () => {
    const [script, opened] = await Promise.all([
      bundlePage(new URL('page.ts', import.meta.url)),
      openBrowser(chromium!),
    ]);
    browser = opened;
    page = await opened.context.newPage();
    await page.addScriptTag({ content: script, type: 'module' });
    await page.waitForFunction(() => 'reportKits' in globalThis);
  });
  afterAll(() => browser?.close());

  it('the same cases pass', async () => {
    const { lines, failed, passed } = await page.evaluate(() => globalThis.reportKits());
    expect(lines.filter((line, i) => line.includes('FAILED') || lines[i - 1]?.includes('FAILED'))).toEqual([]);
    expect(failed).toBe(0);
    expect(passed).toBeGreaterThan(190);
    expect(lines.join('\n')).toContain('because this platform does not tell what is left behind');
  });

  it('a defer that is queueMicrotask itself is noticed', async () => {
    const { lines, failed } = await page.evaluate(() => globalThis.reportBorrowedDefer());
    expect(failed).toBe(2);
    expect(lines.join('\n')).toContain('defer must call queueMicrotask, not be it');
    expect(lines.join('\n')).toContain('Illegal invocation');
  });
});
