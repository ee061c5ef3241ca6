import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess, type Worker } from '../life/processes.js';
import type { Attack, Scale } from './attacks.js';

export const SHORT: Scale = { sockets: 30, units: 300_000 };
export const LONG: Scale = { sockets: 100, units: 5_000_000 };

/** What all connections of the server may hold, and as much again for what is made of it and not collected yet. */
export const MOST_MB = 640;

export interface AttackRow {
  readonly name: string;
  readonly sentBytes: number;
  /** Of the server's process, in MB. */
  readonly beforeMb: number;
  readonly worstMb: number;
  readonly afterMb: number;
  /** Of an innocent client meanwhile. */
  readonly calls: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Sockets of the attacker that the server still holds when he has gone. */
  readonly handlesLeft: number;
}

async function ask(worker: Worker): Promise<Record<string, number>> {
  const answer = once(worker.child, 'message');
  worker.child.send('tell');
  const [told] = (await Promise.race([
    answer,
    worker.ended.then((how) => {
      throw new Error(`a process ended: ${how}`);
    }),
  ])) as [Record<string, number>];
  return told;
}

/** Runs one attack on a server of its own, with an innocent client beside. */
export async function runAttack(attack: Attack, scale: Scale): Promise<AttackRow> {
  const server = await startProcess('test/attacks/server-process.ts');
  let innocent: Worker | undefined;
  try {
    const address = server.hello.address!;
    innocent = await startProcess('test/attacks/innocent-process.ts', address);
    await sleep(300);
    const before = await ask(server);
    await ask(innocent);
    const sentBytes = await attack.run(Number(new URL(address).port), scale);
    const meanwhile = await ask(innocent);
    let after = await ask(server);
    // Sockets take a turn or two to go; what holds on for longer is left over.
    for (let i = 0; i < 100 && after.sockets! > before.sockets!; i++) {
      await sleep(100);
      after = await ask(server);
    }
    return {
      name: attack.name,
      sentBytes,
      beforeMb: before.rssMb!,
      worstMb: after.worstMb!,
      afterMb: after.rssMb!,
      calls: meanwhile.calls!,
      failed: meanwhile.failed!,
      p50Ms: meanwhile.p50!,
      p99Ms: meanwhile.p99!,
      handlesLeft: after.sockets! - before.sockets!,
    };
  } finally {
    await innocent?.kill();
    await server.kill();
  }
}

/** True when nobody else was hurt. */
export function harmless({ worstMb, failed, calls, handlesLeft }: AttackRow): boolean {
  return worstMb <= MOST_MB && failed === 0 && calls > 0 && handlesLeft === 0;
}

export const HEAD =
  '| attack | MB sent | MB before | at the worst | after | p50 ms | p99 ms | handles left |\n|---|---|---|---|---|---|---|---|';

export function printAttack(row: AttackRow): string {
  const { name, sentBytes, beforeMb, worstMb, afterMb, p50Ms, p99Ms, handlesLeft } = row;
  const mb = [beforeMb, worstMb, afterMb].map((value) => value.toFixed(0));
  const cells = [name, (sentBytes / 1e6).toFixed(2), ...mb, p50Ms.toFixed(1), p99Ms.toFixed(1), handlesLeft];
  return `| ${cells.join(' | ')} |${harmless(row) ? '' : ' **HURT**'}`;
}
