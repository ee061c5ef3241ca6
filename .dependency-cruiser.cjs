// Who may import whom. The table is the one in CONTRIBUTING.md; test/layers.test.ts holds package.json against it.
const { LAYERS, PORTABLE, NODE_FILES } = require('./scripts/layers.cjs');

const folder = (name) => `^packages/${name}/src/`;

module.exports = {
  forbidden: [
    ...Object.entries(LAYERS).map(([name, below]) => ({
      name: `layer-${name}`,
      comment: `${name} may import ${below.join(', ') || 'no other package'}`,
      severity: 'error',
      from: { path: folder(name) },
      to: { path: '^packages/[^/]+/src/', pathNot: [name, ...below].map(folder) },
    })),
    { name: 'circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'could-not-resolve', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'portable-means-no-node',
      severity: 'error',
      from: { path: PORTABLE.map(folder), pathNot: NODE_FILES },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'ws-only-from-node-entries',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/transport-ws/src/(node|server)' },
      to: { path: 'node_modules/ws/' },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^packages/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], pathNot: '^packages/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.boundaries.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default', 'types'] },
  },
};
