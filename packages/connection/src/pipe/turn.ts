/** Somebody who is told that a turn is over. */
export interface Turned {
  turnEnded(): void;
}

type Schedule = (fn: () => void) => unknown;

interface Ports {
  readonly port1: { onmessage: () => void };
  readonly port2: { postMessage(message: null): void };
}

// Taken when the module loads, so that fake timers of an application's tests do not stop its events.
const { setImmediate: immediate, MessageChannel: Channel } = globalThis;
let schedule: Schedule | undefined;
let waiting: Turned[] = [];

/**
 * Has `who.turnEnded()` called one macrotask later: after every microtask, so after whoever awaited something that was
 * settled before. One macrotask serves all. It is no timer, which hidden tabs slow to one a second.
 */
export function afterTurn(who: Turned): void {
  if (waiting.push(who) > 1) return;
  schedule ??= immediate ?? throughChannel() ?? ((fn) => setTimeout(fn, 0));
  schedule(endTurn);
}

function endTurn(): void {
  const due = waiting;
  waiting = [];
  let next = 0;
  try {
    while (next < due.length) due[next++]!.turnEnded();
  } finally {
    // One that throws does not keep the others waiting.
    for (const who of due.slice(next)) afterTurn(who);
  }
}

function throughChannel(): Schedule | undefined {
  if (Channel === undefined) return undefined;
  const { port1, port2 } = new Channel() as unknown as Ports;
  return (fn) => {
    port1.onmessage = fn;
    port2.postMessage(null);
  };
}
