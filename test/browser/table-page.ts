// Runs in the page: the cases of the connection table, over the browser's own WebSocket.
import { createClient } from '@stmp/connection';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { wsDialer } from '@stmp/transport-ws';
import { TABLE_CASES } from '../table/cases.js';

const codecs = [protobufCodec(), msgpackCodec(), jsonCodec()];

/** @returns what went wrong, or an empty text. */
async function runCase(name: string, contentType: string, packetFormat: 'binary' | 'text'): Promise<string> {
  const found = TABLE_CASES.find((candidate) => candidate.name === name);
  const codec = codecs.find((candidate) => candidate.contentType === contentType);
  if (found === undefined || codec === undefined) return `no case ${name} with ${contentType}`;
  try {
    await found.run({
      contentType,
      text: packetFormat === 'text',
      secure: false,
      encoding: undefined,
      createClient: (options) =>
        createClient(`ws://${location.host}/table`, {
          codecs: [codec],
          packetFormat,
          dialers: [wsDialer()],
          ...options,
        }),
    });
    return '';
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  }
}

/** @returns the server's handshake to a client that speaks these in text packets: text, or bytes in hex. */
function welcome(contentTypes: readonly string[]): Promise<unknown> {
  const query = new URLSearchParams({
    'Stmp-Version': '1.0',
    'Packet-Format': 'text',
    Accept: contentTypes.join(','),
  });
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://${location.host}/table?${query}`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      const bytes = typeof data === 'string' ? [] : Array.from(new Uint8Array(data));
      resolve(typeof data === 'string' ? data : bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' '));
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(`closed with ${code}`);
  });
}

Object.assign(globalThis, { runCase, welcome });
