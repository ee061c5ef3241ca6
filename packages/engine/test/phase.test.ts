import { describe, expect, it } from 'vitest';
import type { EnginePhase } from '../src/index.js';
import { PHASES, type Step } from '../src/phase.js';
import { readyServer, streamClient, streamPair, streamServer } from './harness.js';

const STEPS: readonly Step[] = ['introduced', 'agreed', 'farewell', 'over'];
const NAMES = Object.keys(PHASES) as EnginePhase[];

describe('the table of phases', () => {
  it('leads from the beginning to every phase, and from every phase to the end', () => {
    const from = (start: EnginePhase): Set<EnginePhase> => {
      const seen = new Set<EnginePhase>([start]);
      for (const name of seen) for (const next of Object.values(PHASES[name].next)) seen.add(next);
      return seen;
    };
    expect([...from('handshaking')].sort()).toEqual([...NAMES].sort());
    for (const name of NAMES) expect(from(name)).toContain('closed');
    expect(STEPS.filter((step) => PHASES.closed.next[step] !== undefined)).toEqual([]);
  });

  it('never goes back', () => {
    for (const name of NAMES) {
      for (const next of Object.values(PHASES[name].next)) {
        expect(NAMES.indexOf(next), `${name} to ${next}`).toBeGreaterThan(NAMES.indexOf(name));
      }
    }
  });

  it('is walked by engines: each way once', () => {
    const walked: string[] = [];
    const walk = (driver: { readonly engine: { readonly phase: EnginePhase } }, act: () => void): void => {
      const before = driver.engine.phase;
      act();
      walked.push(`${before} ${driver.engine.phase}`);
    };
    const hello = streamClient().take();
    const introduced = streamServer();
    walk(introduced, () => introduced.feed(...hello));
    walk(introduced, () => introduced.engine.answerHello({}, 0));
    const refused = streamServer();
    refused.feed(...hello);
    walk(refused, () => refused.engine.answerHello({ status: 0x21 }, 0));
    const early = streamClient();
    walk(early, () => early.engine.close(0, undefined, 0));
    const agreed = streamClient();
    agreed.take();
    introduced.poll();
    walk(agreed, () => agreed.feed(...introduced.take()));
    const { client, server } = streamPair();
    walk(client, () => client.engine.close(0, undefined, 0));
    walk(server, () => server.feed(...client.take()));
    walk(client, () => client.feed(...server.take()));
    expect(readyServer().engine.phase).toBe('ready');
    const ways = NAMES.flatMap((name) => Object.values(PHASES[name].next).map((next) => `${name} ${next}`));
    expect(walked.sort()).toEqual(ways.sort());
  });
});
