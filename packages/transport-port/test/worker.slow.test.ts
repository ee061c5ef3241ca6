// A thread of Node.js at the other end.
import { Worker } from 'node:worker_threads';
import type { MessageLink, StmpError } from '@stmp/contract';
import { portDialer } from '@stmp/transport-port';
import { describe, expect, it } from 'vitest';

const ECHO = `
  import { parentPort } from 'node:worker_threads';
  import { portListener } from '@stmp/transport-port';
  await portListener(parentPort).listen('port:echo', {
    onLink: (link) => link.start({
      onData: (unit) => (unit === 'die' ? process.exit() : link.send(unit)),
      onDrain() {},
      onClose() {},
    }),
  });`;

const url = (): URL => new URL(`data:text/javascript,${encodeURIComponent(withPaths(ECHO))}`);
/** A module from a data: URL resolves no bare names. */
const withPaths = (text: string): string =>
  text.replace(/'(@stmp\/[^']+)'/g, (_, name: string) => `'${import.meta.resolve(name)}'`);

async function dial(worker: Worker) {
  const link = (await portDialer(worker).dial('port:echo')) as MessageLink;
  const heard: unknown[] = [];
  const closed = new Promise<StmpError | undefined>((resolve) =>
    link.start({ onData: (unit) => void heard.push(unit), onDrain() {}, onClose: resolve }),
  );
  return { link, heard, closed };
}

describe('a worker thread', () => {
  it('answers, and is dialed before it has started', async () => {
    const worker = new Worker(url());
    const { link, heard, closed } = await dial(worker);
    link.send('hello');
    link.send(Uint8Array.of(1, 2));
    await expect.poll(() => heard).toEqual(['hello', Uint8Array.of(1, 2)]);
    await link.close();
    expect(await closed).toBeUndefined();
    await worker.terminate();
  });

  it.each(['dies', 'is killed'])('that %s is missed', async (how) => {
    const worker = new Worker(url());
    const { link, closed } = await dial(worker);
    if (how === 'dies') link.send('die');
    else await worker.terminate();
    expect(await closed).toMatchObject({ code: 'link_failed', origin: 'link' });
  });
});
