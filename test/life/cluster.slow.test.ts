import { expect, it } from 'vitest';
import { startProcess } from './processes.js';

it('workers of node:cluster share a port of TCP', async () => {
  const { hello, kill } = await startProcess('test/life/cluster-process.ts', 'tcp');
  await kill();
  expect(hello.second).toBe(hello.first);
});

it('workers of node:cluster do not share a port of KCP, and are told so', async () => {
  const { hello, kill } = await startProcess('test/life/cluster-process.ts', 'kcp');
  await kill();
  expect(hello.first).toMatch(/^kcp:\/\/127\.0\.0\.1:\d+$/);
  expect(hello.second).toMatch(/^cannot listen on kcp:\/\/127\.0\.0\.1:\d+: EADDRINUSE: .*node:cluster/);
});
