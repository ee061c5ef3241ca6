// The layers: each package with those it may import. Imports point down only, and sideways never.
const LAYERS = {
  contract: [],
  packet: ['contract'],
  engine: ['contract', 'packet'],
  connection: ['contract', 'packet', 'engine'],
  'connection-set': ['contract', 'connection'],
  'payload-schema': ['contract'],
  'payload-json': ['contract', 'payload-schema'],
  'payload-msgpack': ['contract', 'payload-schema'],
  'payload-protobuf': ['contract', 'payload-schema'],
  'compression-gzip': ['contract'],
  kcp: [],
  'link-duplex': ['contract'],
  'transport-tcp': ['contract', 'link-duplex'],
  'transport-kcp': ['contract', 'link-duplex', 'kcp'],
  'transport-ws': ['contract', 'link-duplex'],
  'transport-memory': ['contract'],
  conformance: ['contract', 'packet'],
  'protoc-gen-stmp': ['contract'],
};
// Wiring may use all that is meant for users.
LAYERS.stmp = Object.keys(LAYERS).filter((name) => name !== 'conformance' && name !== 'protoc-gen-stmp');

/** Packages that run in browsers; of some, the Node.js entries excepted. */
const PORTABLE = Object.keys(LAYERS).filter(
  (name) => !['link-duplex', 'transport-tcp', 'transport-kcp', 'protoc-gen-stmp'].includes(name),
);
const NODE_FILES = '^packages/(compression-gzip|kcp|transport-ws|stmp)/src/(node|server)';

module.exports = { LAYERS, PORTABLE, NODE_FILES };
