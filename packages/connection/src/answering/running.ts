import type { CallContext } from './call-context.js';

/** The calls of one connection that run, oldest first. The list runs through the contexts, so that it costs nothing. */
export class Running {
  count = 0;
  #first: CallContext | undefined = undefined;
  #last: CallContext | undefined = undefined;

  add(context: CallContext): void {
    this.count++;
    context.previous = this.#last;
    context.next = undefined;
    if (this.#last === undefined) this.#first = context;
    else this.#last.next = context;
    this.#last = context;
  }

  remove(context: CallContext): void {
    this.count--;
    context.finish();
    if (context.previous === undefined) this.#first = context.next;
    else context.previous.next = context.next;
    if (context.next === undefined) this.#last = context.previous;
    else context.next.previous = context.previous;
    context.previous = context.next = undefined;
  }

  /** The one whose time is up first. */
  get oldestUnaborted(): CallContext | undefined {
    let context = this.#first;
    while (context?.aborted) context = context.next;
    return context;
  }

  /** The request with this id that is not answered yet: the id of one that was may be that of another by now. */
  find(mid: number): CallContext | undefined {
    let context = this.#first;
    while (context !== undefined && (context.mid !== mid || context.kind !== 'request' || context.done))
      context = context.next;
    return context;
  }

  /** Signals abort: of all, or of requests. */
  abort(requestsOnly: boolean): void {
    for (let context = this.#first; context !== undefined; context = context.next) {
      if (!requestsOnly || context.kind === 'request') context.abort();
    }
  }
}
