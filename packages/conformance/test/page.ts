// The kits in a page: what passes in Node.js has to pass here, and what only works there is to be noticed.
import { compressionCases, listenerCases, payloadCases, reportCases, transportCases } from '@stmp/conformance';
import { memoryPair } from '@stmp/transport-memory';
import { codec, compression, listener, messages, streams } from './runners/parts.mjs';

export interface PageReport {
  readonly lines: readonly string[];
  readonly failed: number;
  readonly passed: number;
}

declare global {
  var reportKits: () => Promise<PageReport>;
  var reportBorrowedDefer: () => Promise<PageReport>;
}

async function report(...kits: readonly Parameters<typeof reportCases>[0][]): Promise<PageReport> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const { failed, passed } = await reportCases(kits.flat(), { print });
  return { lines, failed, passed };
}

globalThis.reportKits = () =>
  report(
    transportCases(streams),
    transportCases(messages),
    listenerCases(listener),
    payloadCases({ codec }),
    compressionCases({ compression }),
  );

/** `defer: queueMicrotask` is called on the link, which only Node.js takes. */
globalThis.reportBorrowedDefer = () =>
  report(
    transportCases({
      kind: 'stream',
      async open(options) {
        const ends = memoryPair({ kind: 'stream', ...options });
        const [a, b] = ends.map((link) => {
          Object.defineProperty(link, 'defer', { value: queueMicrotask });
          return link;
        });
        return { a: a!, b: b!, async close() {} };
      },
    }).filter((c) => /^defer|the last onData/.test(c.name)),
  );
