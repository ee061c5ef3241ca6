import type { Message, Room } from './generated/room.js';
import type { ChatMessage } from './room-client-types.js';

/** The messages of one room, in order and each once, whatever way they came. */
export class ChatLog {
  readonly roomId: string;
  readonly #me: string;
  readonly #maxCount: number;
  #messages: readonly ChatMessage[] = [];
  #lastSeq = 0n;

  constructor(roomId: string, me: string, maxCount: number) {
    this.roomId = roomId;
    this.#me = me;
    this.#maxCount = maxCount;
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  get lastSeq(): bigint {
    return this.#lastSeq;
  }

  /** Shows what is there of an earlier room of the same name before all else. */
  continue(earlier: ChatLog): void {
    this.#messages = [...earlier.#messages, ...this.#messages].slice(-this.#maxCount);
  }

  /** Takes the messages of a JoinRoom's reply. @returns those that are new. */
  catchUp(room: Room, missed: boolean): ChatMessage[] {
    const fresh = room.lastMessages
      .filter(({ seq }) => seq > this.#lastSeq)
      .map((message) => this.show(message, missed));
    this.#append(fresh, room.lastMessages.at(-1)?.seq ?? 0n);
    return fresh;
  }

  /** @returns the message, `old` for one seen before, `gap` when there must be others before it. */
  add(message: Message): ChatMessage | 'old' | 'gap' {
    if (message.seq <= this.#lastSeq) return 'old';
    if (message.seq > this.#lastSeq + 1n) return 'gap';
    const fresh = this.show(message, false);
    this.#append([fresh], message.seq);
    return fresh;
  }

  #append(fresh: readonly ChatMessage[], lastSeq: bigint): void {
    if (lastSeq > this.#lastSeq) this.#lastSeq = lastSeq;
    if (fresh.length > 0) this.#messages = [...this.#messages, ...fresh].slice(-this.#maxCount);
  }

  /** A message of this room as it is shown. */
  show({ seq, room, user, content, createdAt }: Message, missed: boolean): ChatMessage {
    return {
      key: `${this.roomId}/${seq}`,
      seq: Number(seq),
      room,
      user,
      content,
      atMs: createdAt === undefined ? 0 : Number(createdAt.seconds) * 1000 + Math.floor(createdAt.nanos / 1e6),
      own: user === this.#me,
      missed,
    };
  }
}
