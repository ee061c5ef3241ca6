interface Target {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * Calls `fn` when a page may have slept or changed networks: it became visible, was restored from the
 * back/forward cache, or the device came online. Timers are throttled in background tabs, so a silent peer is
 * best judged anew at such a moment. Where there is no page (Node.js) nothing ever happens.
 * @returns a function that stops it.
 */
export function onWake(fn: () => void): () => void {
  const page = globalThis as unknown as Partial<Target> & { document?: Target & { hidden: boolean } };
  const listener = (): void => {
    if (page.document?.hidden !== true) fn();
  };
  const pairs: [Partial<Target> | undefined, string][] = [
    [page.document, 'visibilitychange'],
    [page, 'online'],
    [page, 'pageshow'],
  ];
  for (const [target, type] of pairs) target?.addEventListener?.(type, listener);
  return () => {
    for (const [target, type] of pairs) target?.removeEventListener?.(type, listener);
  };
}
