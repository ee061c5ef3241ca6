import type { Headers, Hello, LinkHttpRequest } from '@stmp/contract';
import { overlay } from './overlay.js';

/** The part of `http.IncomingMessage` that is read. */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/**
 * What the client said in its upgrade request, packed: an idle connection keeps one string instead of the request.
 * Unpacked each time it is asked for.
 */
export class UpgradeRecord implements Hello {
  /** Method, URL, and names and values by turns, each on a line of its own: none of them can hold a line break. */
  readonly #lines: string;
  readonly #queryHeaders: ReadonlySet<string>;

  /** @param queryHeaders lower-case names that the query may overlay besides the handshake's own. */
  constructor(request: UpgradeRequest, queryHeaders: ReadonlySet<string>) {
    this.#lines = [request.method, request.url, ...request.rawHeaders].join('\n');
    this.#queryHeaders = queryHeaders;
  }

  /** The STMP view: HTTP fields overlaid by the query. */
  get headers(): Headers {
    const { url, headers } = this.http;
    return overlay(url, headers, this.#queryHeaders);
  }

  get http(): LinkHttpRequest {
    const [method = '', url = '', ...rest] = this.#lines.split('\n');
    const headers: [string, string][] = [];
    for (let i = 0; i < rest.length; i += 2) headers.push([rest[i]!, rest[i + 1]!]);
    return { method, url, headers };
  }
}
