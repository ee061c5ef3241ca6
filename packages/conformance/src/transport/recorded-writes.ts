/** What is asked of Node.js, where the kit runs on it: the sockets that a fixture opens, and what is written to them. */
interface Socket {
  _write(chunk: Uint8Array, encoding: string, done: unknown): void;
  _writev?: ((chunks: { readonly chunk: Uint8Array }[], done: unknown) => void) | null;
}
interface Channels {
  subscribe(name: string, listener: (message: { readonly socket: Socket }) => void): void;
  unsubscribe(name: string, listener: (message: { readonly socket: Socket }) => void): void;
}
interface Platform {
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

const NAMES = ['net.client.socket', 'net.server.socket'];
const channels = (globalThis as Platform).process?.getBuiltinModule?.('node:diagnostics_channel') as
  | Channels
  | undefined;

/** True where {@link recordWrites} can see sockets. */
export const canRecordWrites: boolean = channels !== undefined;

/** One list of sizes for each socket, write by write. */
export type Writes = readonly number[][];

/** Opens something, and writes down what is written to the sockets of Node.js that come into being meanwhile. */
export async function recordWrites<T>(
  open: () => Promise<T>,
): Promise<{ readonly opened: T; readonly writes: Writes }> {
  const writes: number[][] = [];
  const onSocket = ({ socket }: { readonly socket: Socket }): void => {
    const sizes: number[] = [];
    writes.push(sizes);
    const { _write, _writev } = socket;
    socket._write = (chunk, encoding, done) => {
      sizes.push(chunk.length);
      _write.call(socket, chunk, encoding, done);
    };
    if (typeof _writev !== 'function') return;
    socket._writev = (chunks, done) => {
      sizes.push(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
      _writev.call(socket, chunks, done);
    };
  };
  for (const name of NAMES) channels?.subscribe(name, onSocket);
  try {
    return { opened: await open(), writes };
  } finally {
    for (const name of NAMES) channels?.unsubscribe(name, onSocket);
  }
}
