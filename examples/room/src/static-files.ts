import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

/** Nothing but our own files runs in the page, and it talks to nobody but us. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self' ws: wss:",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

const NO_PAGE = 'The page is not built here. The terminal client works without it: see the README of this example.';

/** Answers GET and HEAD with the files of a folder, `/` with its `index.html`. */
export function staticFiles(folder: string): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const root = normalize(folder + sep);
  return async (request, response) => {
    const answer = (
      status: number,
      type: string,
      body: Uint8Array | string,
      more: Record<string, string> = {},
    ): void => {
      const headers = { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...more };
      response.writeHead(status, headers);
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(405, 'text/plain', 'only GET and HEAD', { Allow: 'GET, HEAD' });
      return;
    }
    const path = fileOf(root, request.url ?? '/');
    const type = path === undefined ? undefined : TYPES[extname(path)];
    const body = path === undefined || type === undefined ? undefined : await readFile(path).catch(() => undefined);
    if (body !== undefined) answer(200, type!, body);
    else if (path === join(root, 'index.html')) answer(503, 'text/plain', NO_PAGE);
    else answer(404, 'text/plain', 'not found');
  };
}

/** The file that a URL names; undefined when it is not below the root. */
function fileOf(root: string, url: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(/^[^?#]*/.exec(url)![0]);
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.split(/[/\\]/).some((part) => part.startsWith('.'))) return undefined;
  const file = join(root, path.endsWith('/') ? `${path}index.html` : path);
  return file.startsWith(root) ? file : undefined;
}
