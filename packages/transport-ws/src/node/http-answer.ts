import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers an upgrade request with a plain HTTP response, and ends the connection. */
export function answerUpgrade(
  socket: Duplex,
  status: number,
  text: string,
  fields: Readonly<Record<string, string>> = {},
): void {
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  const all = {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...fields,
  };
  for (const [name, value] of Object.entries(all)) head.push(`${name}: ${value}`);
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}

/** The path of a request, without its query. */
export function pathOf(url: string | undefined): string {
  return /^[^?]*/.exec(url ?? '/')![0];
}
