/// <reference lib="esnext.disposable" preserve="true" />

/** For `await using`; missing at run time where the platform does not know it yet (Safari). */
export interface Disposed {
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes the end of an `await using` block close it. */
export function disposable<T extends { close(): Promise<unknown> }>(target: T): T & Disposed {
  const { asyncDispose } = Symbol as { readonly asyncDispose?: symbol };
  if (asyncDispose !== undefined) Object.defineProperty(target, asyncDispose, { value: () => target.close() });
  return target as T & Disposed;
}
