// For dependency-cruiser, in the form that webpack gives it: our packages are read from their sources, built or not.
const { sourceAliases } = require('./workspace.cjs');

const alias = Object.fromEntries(sourceAliases().map(({ specifier, source }) => [`${specifier}$`, source]));
module.exports = { resolve: { alias } };
