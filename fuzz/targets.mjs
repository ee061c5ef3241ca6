// What can be fuzzed: where it is, and its share of all runs.
export const TARGETS = {
  kcp: { file: 'kcp', share: 20 },
  gzip: { file: 'gzip', share: 20 },
  packet: { file: 'packet', share: 20 },
  engine: { file: 'engine', share: 12 },
  json: { file: 'payload', share: 8 },
  'json-go': { file: 'payload', share: 4 },
  msgpack: { file: 'payload', share: 8 },
  protobuf: { file: 'payload', share: 8 },
};

/** Loads a target against the copy of the packages in `folder`. */
export async function openTarget(name, folder) {
  const { create } = await import(`./targets/${TARGETS[name].file}.mjs`);
  const load = (part, entry = 'index') =>
    import(part === 'types' ? `${folder}/types.mjs` : `${folder}/node_modules/@stmp/${part}/dist/${entry}.js`);
  return create(load, name);
}
