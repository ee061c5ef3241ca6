import type { Link, MessageLink, StmpError } from '@stmp/contract';
import { type PortLike, portDialer, portLink, portListener } from '@stmp/transport-port';
import { describe, expect, it } from 'vitest';
import { place, sides } from './fixture.js';

const ignore = { onData() {}, onDrain() {}, onClose() {} };
const closing = (link: Link): Promise<StmpError | undefined> =>
  new Promise((resolve) => link.start({ ...ignore, onClose: resolve }));

describe('addresses', () => {
  it.each(['port', 'tcp://a', 'port:a/b', 'port:a?b', ''])('%j is refused', async (address) => {
    const { near, far } = sides();
    await expect(portDialer(near).dial(address)).rejects.toThrow(TypeError);
    await expect(portListener(far).listen(address, { onLink() {} })).rejects.toThrow(TypeError);
    near.close();
  });

  it.each(['port:', 'port://room', 'PORT:room'])('%j is listened on and dialed', async (address) => {
    const { near, far } = sides();
    const listening = await portListener(far).listen(address, { onLink: (link) => link.start(ignore) });
    const link = await portDialer(near).dial(listening.address);
    link.start(ignore);
    await link.close();
    await listening.close();
    near.close();
  });
});

describe('a listener', () => {
  it('has each name once, and several names', async () => {
    const { near, far } = sides();
    const listener = portListener(far);
    const heard: string[] = [];
    const listen = (name: string) =>
      listener.listen(`port:${name}`, {
        onLink(link) {
          heard.push(name);
          link.start(ignore);
        },
      });
    const [a, b] = [await listen('a'), await listen('b')];
    await expect(listen('a')).rejects.toMatchObject({ code: 'listen_failed' });
    for (const name of ['b', 'a']) await (await portDialer(near).dial(`port:${name}`)).close();
    await a.close();
    await expect(portDialer(near).dial('port:a')).rejects.toMatchObject({ code: 'dial_failed', origin: 'link' });
    await listen('a').then((again) => again.close());
    await Promise.all([b.close(), b.close()]);
    expect(heard).toEqual(['b', 'a']);
    near.close();
  });

  it('takes no notice of what others post', async () => {
    const { near, dialer, close } = await place({}, {}, (link) => link.start(ignore));
    for (const data of [null, 'dial', { stmp: 'dial' }, { stmp: 'other', name: 'room' }]) near.postMessage(data, []);
    await (await dialer.dial('port:room')).close();
    await close();
  });

  it('tells its links apart', async () => {
    const links: Link[] = [];
    const { dialer, close } = await place({}, {}, (link) => void links.push(link));
    const dialed = [await dialer.dial('port:room'), await dialer.dial('port:room')];
    expect(links.map(({ peer }) => peer.address)).toEqual(['port', 'port']);
    expect(links[0]!.peer.port).not.toBe(links[1]!.peer.port);
    for (const link of [...links, ...dialed]) link.start(ignore);
    await Promise.all(dialed.map((link) => link.close()));
    await close();
  });
});

describe('a dial', () => {
  it('that nobody answers fails in time', async () => {
    const { near } = sides();
    await expect(portDialer(near, { connectTimeoutMs: 5 }).dial('port:room')).rejects.toMatchObject({
      code: 'dial_failed',
      message: 'cannot dial port:room: no answer in 5 ms',
    });
    near.close();
  });

  it.each([-1, 1.5, 2 ** 31])('with connectTimeoutMs %d is refused', (connectTimeoutMs) => {
    expect(() => portDialer(sides().near, { connectTimeoutMs })).toThrow(RangeError);
  });
});

describe('a link of two ports', () => {
  const pair = (): [MessageLink, MessageLink, PortLike] => {
    const { near, far } = sides();
    return [portLink(near), portLink(far), far];
  };

  it('hears when the other port is closed by itself', async () => {
    const [a, , far] = pair();
    const closed = closing(a);
    far.close();
    expect(await closed).toMatchObject({ code: 'link_failed', origin: 'link' });
  });

  it('copies a view alone, and leaves the array with its sender', async () => {
    const [a, b] = pair();
    const whole = new Uint8Array(1_000_000).fill(7);
    const got = new Promise<Uint8Array>((resolve) =>
      b.start({ ...ignore, onData: (unit) => resolve(unit as Uint8Array) }),
    );
    a.start(ignore);
    a.send(whole.subarray(10, 12));
    const unit = await got;
    expect([unit.length, unit.buffer.byteLength, whole.length, unit[0]]).toEqual([2, 2, 1_000_000, 7]);
    await a.close();
  });
});
