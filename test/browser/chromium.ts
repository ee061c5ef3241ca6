// Chromium for tests: found, started with nothing of its own, and closed.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserContext, chromium } from 'playwright-core';
import { hasTool } from 'test-kit';

const PATHS = process.env.CHROMIUM_PATH
  ? [process.env.CHROMIUM_PATH]
  : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chromium is, `CHROMIUM_PATH` or the usual places; undefined, and said aloud, where there is none. */
export function findChromium(what: string): string | undefined {
  const path = PATHS.find((candidate) => existsSync(candidate));
  return hasTool('chromium', path !== undefined, what) ? path : undefined;
}

export interface Browser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** A browser with a profile of its own, that is removed with it. */
export async function openBrowser(executablePath: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'stmp-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: ARGS,
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
  });
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** For bundlers: packages as their sources for browsers, so that nothing has to be built before. */
export function sourceAliases(): Record<string, string> {
  const packages = fileURLToPath(new URL('../../packages/', import.meta.url));
  const aliases: Record<string, string> = { stmp: `${packages}stmp/src/index.ts` };
  for (const name of readdirSync(packages)) {
    const entry = `${packages}${name}/src/index.ts`;
    if (name !== 'stmp' && existsSync(entry)) aliases[`@stmp/${name}`] = entry;
  }
  return aliases;
}

/** A script for a page, of this entry and all that it imports. */
export async function bundlePage(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    alias: sourceAliases(),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0]!.text;
}
