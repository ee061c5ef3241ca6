import { fileURLToPath } from 'node:url';
import { StmpError, type StreamLink } from '@stmp/contract';
import { type StdioDialerOptions, stdioDialer } from '@stmp/transport-stdio';
import { describe, expect, it } from 'vitest';

const args = [fileURLToPath(new URL('child.mjs', import.meta.url))];
const echo = { command: process.execPath, args, stderr: 'ignore' } as const;

/** A child that was told a word, and has answered, unless it died of it. */
async function told(word: string, options: StdioDialerOptions = {}) {
  const link = (await stdioDialer(echo, options).dial('stdio:')) as StreamLink;
  let onAnswer = (_: string): void => {};
  let onEnd = (_: StmpError | undefined): void => {};
  const answer = new Promise<string>((resolve) => {
    onAnswer = resolve;
  });
  const closed = new Promise<StmpError | undefined>((resolve) => {
    onEnd = resolve;
  });
  link.start({
    onData: (unit) => onAnswer(String(unit)),
    onDrain() {},
    onClose(reason) {
      onAnswer('none');
      onEnd(reason);
    },
  });
  link.send(new TextEncoder().encode(word));
  return { link, closed, answer: await answer };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a child', () => {
  it('answers, is known by its number, and ends with its input', async () => {
    const { link, closed, answer } = await told('hello');
    expect(answer).toBe('hello');
    expect(link.peer.address).toBe('stdio');
    expect(isAlive(link.peer.port!)).toBe(true);
    await link.close();
    expect(await closed).toBeUndefined();
    expect(isAlive(link.peer.port!)).toBe(false);
  });

  it('may log without harm', async () => {
    const { link, closed, answer } = await told('talks');
    expect(answer).toBe('talks');
    await link.close();
    expect(await closed).toBeUndefined();
  });

  it('that fails is told by its exit code', async () => {
    const { closed } = await told('fail');
    const reason = await closed;
    expect(reason).toMatchObject({ code: 'link_failed', origin: 'link', message: 'the child ended with code 3' });
  });

  it('that was killed is told by the signal', async () => {
    const { link, closed } = await told('hello');
    process.kill(link.peer.port!, 'SIGKILL');
    expect((await closed)?.message).toBe('the child ended with signal SIGKILL');
  });

  it.each(['stays', 'deaf'])('that does not end is killed: %s', async (word) => {
    const { link, closed } = await told(word, { exitTimeoutMs: 50 });
    if (word === 'stays') await link.close();
    else link.abort(new StmpError('aborted', 'enough'));
    await closed;
    await expect.poll(() => isAlive(link.peer.port!)).toBe(false);
  });
});

describe('a dial', () => {
  it('of a program that does not exist fails', async () => {
    const dialing = stdioDialer({ command: 'no-such-program-of-stmp' }).dial('stdio:');
    await expect(dialing).rejects.toMatchObject({ code: 'dial_failed', cause: { code: 'ENOENT' } });
  });

  it('that is aborted leaves no child', async () => {
    for (const when of ['before', 'after']) {
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      if (when === 'before') controller.abort(reason);
      const dialing = stdioDialer(echo).dial('stdio:', { signal: controller.signal });
      controller.abort(reason);
      await expect(dialing).rejects.toMatchObject({ code: 'aborted', cause: reason });
    }
  });

  it.each(['stdio:x', 'tcp://a:1', ''])('of %j is refused', async (address) => {
    await expect(stdioDialer(echo).dial(address)).rejects.toThrow(TypeError);
  });

  it.each([-1, 1.5, 2 ** 31])('with exitTimeoutMs %d is refused', (exitTimeoutMs) => {
    expect(() => stdioDialer(echo, { exitTimeoutMs })).toThrow(RangeError);
  });
});
