const EMPTY = new Uint8Array(0);

/** A segment in flight. Slots of the ring are reused, so a segment costs no allocation once the ring has grown. */
export class Segment {
  sn = 0;
  fragment = 0;
  /** Timestamp of its last transmission, as on the wire. */
  ts = 0;
  rtoMs = 0;
  resendAtMs = 0;
  sentCount = 0;
  /** Later segments acknowledged since the last transmission. */
  skippedCount = 0;
  acked = false;
  /** The input that acknowledged it. */
  ackedBy = 0;
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;

  clear(): void {
    this.acked = true;
    this.bytes = EMPTY;
  }
}

/** Messages that wait, and the ring of segments cut from them that are in flight. */
export class Outbox {
  /** Number of the oldest segment in flight. */
  first: number;
  /** Number of the next segment to be cut. */
  next: number;
  queuedBytes = 0;
  /** Segments that the queue will take. */
  queuedCount = 0;
  /** Bytes in flight. */
  flyingBytes = 0;
  readonly #segmentBytes: number;
  readonly #stream: boolean;
  #messages: Uint8Array[] = [];
  #head = 0;
  #offset = 0;
  /** The first fragment of a message has left, and one more is to follow. */
  #begun = false;
  #slots: Segment[] = [];
  #mask = -1;

  constructor(segmentBytes: number, stream: boolean, first: number) {
    this.#segmentBytes = segmentBytes;
    this.#stream = stream;
    this.first = first;
    this.next = first;
  }

  get inFlight(): number {
    return (this.next - this.first) | 0;
  }

  at(sn: number): Segment {
    return this.#slots[sn & this.#mask] as Segment;
  }

  /** Puts the first fragment of a message in flight; what is pushed first is the rest of it, as far as one more holds. */
  begin(bytes: Uint8Array): void {
    const segment = this.#add();
    // Readers take an empty message for none, and so would never come past it.
    segment.fragment = this.#stream && bytes.length > 0 ? 0 : 1;
    segment.bytes = bytes;
    segment.start = 0;
    segment.end = bytes.length;
    this.flyingBytes += bytes.length;
    this.#begun = !this.#stream;
  }

  /** Keeps `bytes` by reference; as several messages when they would take more fragments. */
  push(bytes: Uint8Array, fragments: number): void {
    const most = this.#segmentBytes * fragments;
    if (this.#begun && bytes.length > this.#segmentBytes) {
      const rest = bytes.subarray(0, this.#segmentBytes);
      this.push(rest, fragments);
      this.push(bytes.subarray(rest.length), fragments);
      return;
    }
    if (bytes.length > 0) this.#begun = false;
    for (let start = 0; start < bytes.length; start += most) {
      this.#messages.push(bytes.length <= most ? bytes : bytes.subarray(start, start + most));
    }
    this.queuedBytes += bytes.length;
    // Exact in message mode: a part of `most` bytes fills its segments.
    if (this.#stream) this.queuedCount = Math.ceil(this.queuedBytes / this.#segmentBytes);
    else this.queuedCount += Math.ceil(bytes.length / this.#segmentBytes);
  }

  /** Cuts the next segment from the queue, which is not empty, and puts it in flight. */
  cut(): Segment {
    const most = this.#segmentBytes;
    const message = this.#messages[this.#head] as Uint8Array;
    const left = message.length - this.#offset;
    const share = this.#stream && left < most && this.#head + 1 < this.#messages.length;
    const length = Math.min(left, most);
    const fragment = this.#stream ? 0 : Math.ceil((left - length) / most);
    const segment = this.#add();
    segment.fragment = fragment;
    if (share) {
      segment.bytes = this.#gather(most);
      segment.start = 0;
      segment.end = segment.bytes.length;
    } else {
      segment.bytes = message;
      segment.start = this.#offset;
      segment.end = this.#offset + length;
      this.#consume(length);
    }
    const cutBytes = segment.end - segment.start;
    this.flyingBytes += cutBytes;
    this.queuedBytes -= cutBytes;
    if (this.#stream) this.queuedCount = Math.ceil(this.queuedBytes / this.#segmentBytes);
    else this.queuedCount--;
    return segment;
  }

  /** Marks one segment as acknowledged; drops all leading ones that are. */
  acknowledge(segment: Segment): void {
    this.flyingBytes -= segment.end - segment.start;
    segment.clear();
    while (this.first !== this.next && this.at(this.first).acked) this.first = (this.first + 1) >>> 0;
  }

  /** Drops every segment before `una`. */
  acknowledgeUpTo(una: number, by: number): void {
    while (((una - this.first) | 0) > 0 && this.first !== this.next) {
      const segment = this.at(this.first);
      if (!segment.acked) {
        this.flyingBytes -= segment.end - segment.start;
        segment.ackedBy = by;
        segment.clear();
      }
      this.first = (this.first + 1) >>> 0;
    }
  }

  /** Drops everything. */
  clear(): void {
    this.#messages = [];
    this.#slots = [];
    this.#mask = -1;
    this.#head = 0;
    this.#offset = 0;
    this.queuedBytes = 0;
    this.queuedCount = 0;
    this.flyingBytes = 0;
    this.first = this.next;
  }

  #consume(length: number): void {
    this.#offset += length;
    if (this.#offset < (this.#messages[this.#head] as Uint8Array).length) return;
    this.#messages[this.#head++] = EMPTY;
    this.#offset = 0;
    if (this.#head === this.#messages.length) {
      this.#messages.length = 0;
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#messages.length) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #gather(most: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(most, this.queuedBytes));
    for (let at = 0; at < bytes.length; ) {
      const message = this.#messages[this.#head] as Uint8Array;
      const length = Math.min(message.length - this.#offset, bytes.length - at);
      bytes.set(message.subarray(this.#offset, this.#offset + length), at);
      at += length;
      this.#consume(length);
    }
    return bytes;
  }

  #add(): Segment {
    if (this.inFlight > this.#mask) this.#grow();
    const segment = this.at(this.next);
    segment.sn = this.next;
    segment.sentCount = 0;
    segment.skippedCount = 0;
    segment.acked = false;
    segment.ackedBy = 0;
    this.next = (this.next + 1) >>> 0;
    return segment;
  }

  #grow(): void {
    const old = this.#slots;
    const oldMask = this.#mask;
    const size = Math.max(4, old.length * 2);
    const slots: Segment[] = new Array(size);
    for (let i = 0; i < size; i++) {
      const sn = (this.first + i) >>> 0;
      slots[sn & (size - 1)] = i < old.length ? (old[sn & oldMask] as Segment) : new Segment();
    }
    this.#slots = slots;
    this.#mask = size - 1;
  }
}
