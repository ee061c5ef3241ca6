import { Status, StmpError } from '@stmp/contract';
import type { Clock } from '../clock.js';
import { DrainSchedule } from './drain.js';
import type { ServerConnection } from './server-connection.js';

/** How long those that were told to go, and have nothing to finish, may take to answer. */
const FAREWELL_MS = 1_000;

/** When nobody has moved for this long after the last one was asked, there is no other place, or none that anybody finds. */
const NOBODY_MOVES_MS = 2_000;

/** The connections of a server that leaves. */
export interface DepartureHost {
  /** Connections that have not ended, with those in their handshake. */
  readonly liveCount: number;
  live(): ServerConnection[];
  /** Tells all that are left, and resolves when their links are closed. */
  close(): Promise<void>;
}

/** A server that leaves in good order: whom it waits for, and how long. */
export class Departure {
  readonly #host: DepartureHost;
  readonly #clock: Clock;
  readonly #schedule: DrainSchedule;
  /** Peers that may move yet, with those in their handshake. */
  readonly #movers = new Set<ServerConnection>();
  /** Somebody has moved: there is another place. */
  #someMoved = false;
  #finishes = false;

  constructor(host: DepartureHost, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    this.#schedule = new DrainSchedule(clock, () => this.#isOver);
  }

  async run(withinMs: number, graceMs: number): Promise<void> {
    const schedule = this.#schedule;
    const endsMs = this.#clock.nowMs() + withinMs;
    const live = this.#host.live();
    const peers = live.filter((connection) => connection.canMove);
    for (const connection of live) if (connection.canMove || !connection.isOpen) this.#movers.add(connection);
    await schedule.ask(peers, withinMs, (connection) => connection.askToMove());
    const leftMs = (): number => endsMs - this.#clock.nowMs();
    await schedule.wait(Math.min(leftMs(), NOBODY_MOVES_MS));
    if (!this.#someMoved) this.#movers.clear();
    await schedule.wait(leftMs());
    // The rest may finish what has begun, and begins nothing more.
    this.#finishes = true;
    for (const connection of this.#host.live()) void connection.finish({ status: Status.ServerShutdown });
    const farewellMs = Math.min(graceMs, FAREWELL_MS);
    await schedule.wait(farewellMs);
    if (farewellMs > 0) this.#cut((connection) => connection.isQuiet);
    await schedule.wait(graceMs - farewellMs);
    const closed = this.#host.close();
    await schedule.wait(FAREWELL_MS);
    this.#cut(() => true);
    await closed;
  }

  #cut(which: (connection: ServerConnection) => boolean): void {
    for (const connection of this.#host.live())
      if (which(connection)) connection.abort(new StmpError('link_failed', 'the peer did not answer our Close'));
  }

  /** A client has ended its handshake while we leave. */
  ready(connection: ServerConnection): void {
    if (!connection.canMove) this.cannotMove(connection);
    else connection.askToMove();
  }

  /** A client has nowhere to go, or does not know how. */
  cannotMove(connection: ServerConnection): void {
    if (!this.#movers.delete(connection)) return;
    // Nobody has found another place so far: there is none to be spared a crowd.
    if (!this.#someMoved) this.#schedule.hurry();
    this.#schedule.check();
  }

  ended(connection: ServerConnection): void {
    if (this.#movers.delete(connection)) this.#someMoved = true;
    this.#schedule.check();
  }

  /** Whether there is nothing more to wait for: no call runs, and everybody has left or cannot move. */
  get #isOver(): boolean {
    if (this.#finishes || this.#host.liveCount === 0) return this.#host.liveCount === 0;
    if (this.#movers.size > 0) return false;
    const busy = this.#host.live().find((connection) => !connection.isQuiet);
    busy?.onceQuiet(() => this.#schedule.check());
    return busy === undefined;
  }
}
