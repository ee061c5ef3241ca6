import type { DrainOptions } from '@stmp/connection';

/**
 * Drains the server on SIGINT and SIGTERM, which lets the process end when nothing else holds it:
 * `drainOnSignals(server)`. A second signal ends the process as usual.
 * @returns a function that stops listening for signals.
 */
export function drainOnSignals(
  server: { drain(options?: DrainOptions): Promise<void> },
  options?: DrainOptions & { readonly signals?: readonly ('SIGINT' | 'SIGTERM' | 'SIGHUP')[] },
): () => void {
  const signals = options?.signals ?? ['SIGINT', 'SIGTERM'];
  const stop = (): void => {
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
  const onSignal = (): void => {
    stop();
    void server.drain(options);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return stop;
}
