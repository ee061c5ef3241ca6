import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
// Packages with a Node.js entry of their own: `.` of these means src/node.ts in tests.
const main = (name: string): string => {
  const node = at(`packages/${name}/src/node.ts`);
  return name !== 'kcp' && existsSync(node) ? node : at(`packages/${name}/src/index.ts`);
};

const names = [
  'contract',
  'packet',
  'engine',
  'connection',
  'connection-set',
  'payload-schema',
  'payload-json',
  'payload-msgpack',
  'payload-protobuf',
  'compression-gzip',
  'kcp',
  'link-duplex',
  'transport-tcp',
  'transport-kcp',
  'transport-ws',
  'transport-memory',
  'conformance',
  'protoc-gen-stmp',
];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@stmp\/([^/]+)\/(?!package\.json)([^/.]+)$/, replacement: `${at('packages')}/$1/src/$2.ts` },
      ...names.map((name) => ({ find: new RegExp(`^@stmp/${name}$`), replacement: main(name) })),
      { find: /^stmp$/, replacement: main('stmp') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    typecheck: {
      enabled: true,
      include: ['packages/*/test/**/*.test-d.ts', 'test/**/*.test-d.ts'],
      tsconfig: './tsconfig.test.json',
    },
    coverage: {
      enabled: process.env.CI === 'true',
      include: ['packages/*/src/**'],
      exclude: ['**/*.d.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
