/** Answers of an echo without ids, first in, first out; what nobody waits for is an event. */
export function createFifo() {
  const waiting = [];
  let head = 0;
  let events = 0;
  return {
    wait: (send) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        send();
      }),
    answered(count) {
      if (head === waiting.length) events += count;
      for (; count > 0 && head < waiting.length; count--) waiting[head++]();
      if (head > 1024) {
        waiting.splice(0, head);
        head = 0;
      }
    },
    events: () => events,
  };
}
