/** Packets, or runs of packets, in order; each can be dropped while it waits. */
export class UnitQueue<Unit extends Uint8Array | string> {
  #units: (Unit | undefined)[] = [];
  #head = 0;
  /** Number of the unit at index 0; tickets are numbers of units. */
  #base = 1;
  bytes = 0;

  get empty(): boolean {
    return this.#head === this.#units.length;
  }

  push(unit: Unit): number {
    this.#units.push(unit);
    this.bytes += unit.length;
    return this.#base + this.#units.length - 1;
  }

  /** The next unit, without taking it. */
  peek(): Unit | undefined {
    this.#skip();
    return this.#units[this.#head];
  }

  shift(): Unit | undefined {
    this.#skip();
    const unit = this.#units[this.#head];
    if (unit === undefined) return undefined;
    this.#units[this.#head++] = undefined;
    this.bytes -= unit.length;
    this.#trim();
    return unit;
  }

  drop(ticket: number): boolean {
    const index = ticket - this.#base;
    const unit = this.#units[index];
    if (index < this.#head || unit === undefined) return false;
    this.#units[index] = undefined;
    this.bytes -= unit.length;
    this.#skip();
    return true;
  }

  clear(): void {
    this.#base += this.#units.length;
    this.#units = [];
    this.#head = 0;
    this.bytes = 0;
  }

  /** Passes over dropped units at the front. */
  #skip(): void {
    while (this.#head < this.#units.length && this.#units[this.#head] === undefined) this.#head++;
    this.#trim();
  }

  #trim(): void {
    if (this.#head === this.#units.length) {
      this.#base += this.#head;
      if (this.#head > 0) this.#units.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#units.length) {
      this.#units = this.#units.slice(this.#head);
      this.#base += this.#head;
      this.#head = 0;
    }
  }
}
