import type { ListenLimits } from './options.js';
import { addressGroup } from './resolve-host.js';
import type { KcpDuplex } from './session.js';

interface Group {
  count: number;
  /** Those that nothing was sent to, oldest first. */
  readonly quiet: Set<KcpDuplex>;
}

/** Counts sessions, in all and by address, and says whose place a further one may take. */
export class Crowd {
  readonly #limits: ListenLimits;
  readonly #groups = new Map<string, Group>();
  readonly #quiet = new Set<KcpDuplex>();
  #count = 0;

  constructor(limits: ListenLimits) {
    this.#limits = limits;
  }

  /** The limit that a further session of `address` would pass. */
  limitFor(address: string): 'maxSessionsCount' | 'maxSessionsPerAddressCount' | undefined {
    const group = this.#groups.get(addressGroup(address));
    if ((group?.count ?? 0) >= this.#limits.maxSessionsPerAddressCount) return 'maxSessionsPerAddressCount';
    return this.#count >= this.#limits.maxSessionsCount ? 'maxSessionsCount' : undefined;
  }

  /** The oldest session that nobody has answered, where `limit` is reached: whoever only comes keeps nobody out. */
  oldestQuiet(limit: 'maxSessionsCount' | 'maxSessionsPerAddressCount', address: string): KcpDuplex | undefined {
    const among = limit === 'maxSessionsCount' ? this.#quiet : this.#groups.get(addressGroup(address))?.quiet;
    for (const oldest of among ?? []) return oldest;
    return undefined;
  }

  add(session: KcpDuplex): void {
    const name = addressGroup(session.remoteAddress);
    const group = this.#groups.get(name) ?? { count: 0, quiet: new Set() };
    group.count++;
    group.quiet.add(session);
    this.#groups.set(name, group);
    this.#quiet.add(session);
    this.#count++;
  }

  answered(session: KcpDuplex): void {
    this.#quiet.delete(session);
    this.#groups.get(addressGroup(session.remoteAddress))?.quiet.delete(session);
  }

  remove(session: KcpDuplex): void {
    this.answered(session);
    this.#count--;
    const name = addressGroup(session.remoteAddress);
    const group = this.#groups.get(name);
    if (group !== undefined && --group.count === 0) this.#groups.delete(name);
  }
}
