// The globals that portable packages may use: all that browsers and Node.js 20 share and we need.
// The base tsconfig has `types: []`, so anything else (`Buffer`, `process`, `document`) is a type error there.

interface AbortSignal {
  readonly aborted: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: as in every platform's declarations
  readonly reason: any;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
// biome-ignore lint/suspicious/noExplicitAny: as in every platform's declarations
declare var AbortSignal: { abort(reason?: any): AbortSignal; any(signals: AbortSignal[]): AbortSignal };

interface AbortController {
  readonly signal: AbortSignal;
  // biome-ignore lint/suspicious/noExplicitAny: as in every platform's declarations
  abort(reason?: any): void;
}
declare var AbortController: { new (): AbortController };

interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}
declare var TextEncoder: { new (): TextEncoder };

interface TextDecoder {
  decode(input?: Uint8Array | ArrayBuffer, options?: { stream?: boolean }): string;
}
declare var TextDecoder: { new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder };

declare function queueMicrotask(callback: () => void): void;
declare function setTimeout(callback: () => void, ms?: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare var performance: { now(): number };

// Ways to go on one macrotask later. Not every platform has each, so whoever uses one looks first.
declare var setImmediate: ((callback: () => void) => unknown) | undefined;
declare var MessageChannel: (new () => unknown) | undefined;
