import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The first that fits a file has it. */
const PARTS: readonly (readonly [label: string, files: RegExp])[] = [
  ['protobufjs', /node_modules\/(protobufjs|long)\//],
  ['@msgpack/msgpack', /node_modules\/@msgpack\//],
  ['payloads: JSON', /payload-json\//],
  ['payloads: protobuf', /payload-protobuf\//],
  ['payloads: MessagePack', /payload-msgpack\//],
  ['payloads: field tables, defaults, well-known types', /payload-schema\//],
  ['WebSocket of the platform', /transport-ws\//],
  ['connecting and reconnecting, states', /connection\/dist\/client\//],
  ['answering calls, listening to events', /connection\/dist\/(answering\/.*|wire\/details)\.js/],
  ['slow readers', /connection\/dist\/pipe\/slow-reader\.js/],
  ['calling, sending, time', /connection\//],
  ['protocol: ids and deadlines of calls', /engine\/dist\/call-table\.js/],
  ['protocol: handshake', /engine\/dist\/(client-handshake|negotiation|session)\.js|packet\/dist\/handshake\.js/],
  ['protocol: phases, keepalive, closing, output', /engine\//],
  ['packets: text', /packet\/dist\/(read-text|write-text|handshake-text)\.js|engine\/dist\/text-format\.js/],
  ['packets: binary, headers', /packet\//],
  ['errors, status codes, services', /contract\//],
];

const size = (text: string): number => gzipSync(text, { level: 9 }).length;

/**
 * What each part of the code adds to a bundle, largest first: the bytes by which the compressed bundle shrinks without
 * it, scaled to the whole.
 */
export async function partsOf(source: string): Promise<{ label: string; bytes: number }[]> {
  const result = await build({
    stdin: { contents: source, resolveDir: root, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minifyIdentifiers: true,
    minifySyntax: true,
    legalComments: 'none',
  });
  // Comments tell where a file begins.
  const files = await Promise.all(
    result.outputFiles[0]!.text.split(/^ *\/\/ (?=\S+$)/m).map(async (text) => {
      const path = text.slice(0, text.indexOf('\n'));
      const code = await transform(text.slice(path.length), { minifyWhitespace: true }).then(
        (minified) => minified.code,
        // The beginning of a CommonJS wrapper, whose end is elsewhere.
        () => text.slice(path.length).replace(/\s+/g, ' '),
      );
      return { part: PARTS.findIndex(([, of]) => of.test(path)), code };
    }),
  );
  const without = (part: number): number =>
    size(files.flatMap((file) => (file.part === part ? [] : [file.code])).join(''));
  const whole = size(files.map(({ code }) => code).join(''));
  const added = PARTS.map(([label], part) => ({ label, bytes: whole - without(part) })).filter(
    ({ bytes }) => bytes > 0,
  );
  const sum = added.reduce((total, { bytes }) => total + bytes, 0);
  return added
    .map(({ label, bytes }) => ({ label, bytes: Math.round((bytes / sum) * whole) }))
    .sort((a, b) => b.bytes - a.bytes);
}
