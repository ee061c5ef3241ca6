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
  readonly #method: string;
  readonly #url: string;
  readonly #fields: string;
  readonly #queryHeaders: ReadonlySet<string>;

  /** @param queryHeaders lower-case names that the query may overlay besides the handshake's own. */
  constructor(request: UpgradeRequest, queryHeaders: ReadonlySet<string>) {
    this.#method = request.method ?? 'GET';
    this.#url = request.url ?? '/';
    this.#fields = request.rawHeaders.join('\n');
    this.#queryHeaders = queryHeaders;
  }

  /** The STMP view: HTTP fields overlaid by the query. */
  get headers(): Headers {
    return overlay(this.#url, this.#raw(), this.#queryHeaders);
  }

  get http(): LinkHttpRequest {
    return { method: this.#method, url: this.#url, headers: this.#raw() };
  }

  #raw(): Headers {
    if (this.#fields === '') return [];
    const parts = this.#fields.split('\n');
    const headers: [string, string][] = [];
    for (let i = 0; i + 1 < parts.length; i += 2) headers.push([parts[i]!, parts[i + 1]!]);
    return headers;
  }
}
