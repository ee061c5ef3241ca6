// Who may import whom: the table is docs/packages.md; test/layers.test.ts holds package.json against it.
const { layers } = require('./scripts/layers.cjs');
const { packages } = require('./scripts/workspace.cjs');

const folder = (name) => `^packages/${name}/src/`;
const nodeFiles = packages().flatMap((one) => one.nodeFiles);

module.exports = {
  forbidden: [
    ...Object.entries(layers()).map(([name, below]) => ({
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
      from: { path: '^packages/', pathNot: nodeFiles },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'ws-only-from-node-entries',
      severity: 'error',
      from: { path: '^packages/', pathNot: nodeFiles },
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
    tsConfig: { fileName: 'tsconfig.base.json' },
    webpackConfig: { fileName: 'scripts/resolve.cjs' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default', 'types'] },
  },
};
