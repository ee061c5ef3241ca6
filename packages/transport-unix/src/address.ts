/** What fits into the system's address with the zero behind it. */
const MAX_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;
const isWindows = process.platform === 'win32';

/**
 * The path of `unix:/path` or `unix:///path`, percent escapes taken out; on Windows of `unix://./pipe/name`.
 * @throws TypeError naming what is wrong.
 */
export function pathOf(address: string): string {
  const shown = JSON.stringify(address);
  const [, pipe] = /^unix:\/\/\.\/pipe\/([^?#]+)$/i.exec(address) ?? [];
  const [, path] = /^unix:(?:\/\/)?(\/[^/?#][^?#]*)$/i.exec(address) ?? [];
  if (isWindows) {
    if (pipe === undefined) throw new TypeError(`address must be unix://./pipe/name on Windows, got ${shown}`);
    return `\\\\.\\pipe\\${decoded(pipe, shown)}`;
  }
  if (path === undefined) throw new TypeError(`address must be unix: and an absolute path, got ${shown}`);
  const plain = decoded(path, shown);
  // The system would cut it.
  if (Buffer.byteLength(plain) > MAX_PATH_BYTES) {
    throw new TypeError(`address must have a path of at most ${MAX_PATH_BYTES} bytes, got ${shown}`);
  }
  return plain;
}

function decoded(path: string, shown: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    throw new TypeError(`address must have whole percent escapes, got ${shown}`);
  }
  if (plain.includes('\0')) throw new TypeError(`address must have no zero byte, got ${shown}`);
  return plain;
}

/** The other way round, as a client may dial it. */
export function addressOf(path: string): string {
  const escaped = path.replace(/[%?#]/g, encodeURIComponent);
  return `unix:${isWindows ? escaped.replaceAll('\\', '/') : escaped}`;
}
