import { createRequire } from 'node:module';
import { hasTool } from 'test-kit';
import { path } from './helpers.js';

/** The plugin as protoc and buf run it. */
export const PLUGIN: string = path('../bin/protoc-gen-stmp.js');

/**
 * The program buf; undefined where the registry has none for this platform.
 * @param what What is left out without it.
 */
export function findBuf(what: string): string | undefined {
  const { platform, arch } = process;
  const system = `${platform}-${arch === 'arm64' && platform === 'linux' ? 'aarch64' : arch}`;
  let found: string | undefined;
  try {
    found = createRequire(import.meta.url).resolve(`@bufbuild/buf-${system}/bin/buf`);
  } catch {
    // Said below.
  }
  return hasTool('buf', found !== undefined, what) ? found : undefined;
}
