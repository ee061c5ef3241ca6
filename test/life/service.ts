import { defineService, method } from '@stmp/contract';

/** What the processes of these tests say to each other. */
export const LoadService = defineService('test.LoadService', {
  /** Takes so long, and counts as begun from its first line on. */
  work: method<{ id: number; ms: number }, { id: number }>(),
});

export const LoadEvents = defineService('test.LoadEvents', {
  tick: method<{ n: number }>(),
});
