/** Resolves when `test` holds; links need some turns of the loop. @throws after a minute, with what was last seen. */
export async function until(test: () => boolean, seen: () => unknown = () => undefined): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!test()) {
    if (Date.now() > endMs) throw new Error(`it did not come to that; seen: ${JSON.stringify(seen())}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
