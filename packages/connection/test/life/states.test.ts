import { describe, expect, it } from 'vitest';
import { implementLife, LifeService, outcome, stateNames, world } from './harness.js';

describe('the life of a client', () => {
  it('goes from idle to ready and closed', async () => {
    const w = world();
    implementLife(w.server);
    expect(w.client.state.name).toBe('idle');
    await w.ready();
    expect(await w.client.service(LifeService).echo({ n: 1 })).toEqual({ n: 1 });
    await w.client.close();
    expect(stateNames(w.states)).toBe('connecting(1) handshaking ready closed');
    await w.end();
  });

  it('tells each state to an async iterator, and ends it', async () => {
    const w = world();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const state of w.client.states()) seen.push(state.name);
    })();
    await w.client.connect();
    await w.client.close();
    await reading;
    expect(seen).toEqual(['idle', 'connecting', 'handshaking', 'ready', 'closed']);
    await w.end();
  });

  it('refuses calls while it is idle', async () => {
    const w = world();
    expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toBe('not_connected 02');
    await w.end();
  });
});
