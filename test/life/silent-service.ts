import { defineService, method } from '@stmp/contract';

/** Answers after `ms`, with the number of connections that have ended so far. */
export const SilentService = defineService('test.SilentService', {
  later: method<{ ms: number }, { ended: number }>(),
});
