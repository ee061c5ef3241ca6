import { defineService, method } from '@stmp/contract';

export const AttackedService = defineService('test.AttackedService', {
  echo: method<unknown, unknown>(),
  hang: method<unknown, unknown>(),
});
