const PATIENCE_MS = 60_000;
const INTERVAL_MS = 2;

/**
 * Resolves with what `check` returns once it does not throw. For what other processes and real sockets do: it is
 * patient, so that a busy machine is no fault.
 * @throws what `check` threw last, after a minute.
 */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }
}
