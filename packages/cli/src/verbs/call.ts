import { type Client, connect } from 'stmp';
import type { Args } from '../args.js';
import { callableOf } from '../calling.js';
import { CONNECTION_OPTIONS, clientOptionsOf } from '../connecting.js';
import { jsonTexts } from '../data.js';
import { usage } from '../exit-code.js';
import { FIRST_CALL_OPTION, makeFirstCalls, readFirstCalls } from '../first-calls.js';
import { type Io, print, say } from '../io.js';
import { loadMethods, SCHEMA_OPTIONS } from '../services.js';
import type { Verb } from '../verb.js';

export const callVerb: Verb = {
  name: 'call',
  summary: 'calls a method, and prints each answer as a line of JSON',
  usage: 'URL METHOD [JSON|@FILE|-] [options]',
  details: `METHOD is Service.Method, with as much of the package in front as it takes. Several values in a FILE, or on the
standard input (-), are calls one after the other, over one connection; the first that fails ends the program.
Without --proto the server resolves the full name, package.Service.Method, and values are plain JSON.`,
  options: {
    ...SCHEMA_OPTIONS,
    ...FIRST_CALL_OPTION,
    ...CONNECTION_OPTIONS,
    verbose: { short: 'v', text: 'tell of the connection and of headers' },
  },
  examples: [
    `call tcp://localhost:5001 RoomService.Join '{"name":"lobby"}' --proto room.proto`,
    `call wss://example.com/rpc RoomService.Join @join.json --proto room.proto -H 'Token: x' --timeout 5s`,
    `call tcp://localhost:5003 RoomService.ListRoom --proto room.proto --call 'UserService.Login {"name":"ann"}'`,
    `call ws://localhost:5002/ RoomService.Join - --proto room.proto --text < joins.ndjson`,
    `call tcp://localhost:5001 chat.ChatService.Say '{"text":"hi"}'`,
  ],
  run: runCall,
};

async function runCall(args: Args, io: Io): Promise<void> {
  const [url, name, data, ...more] = args.positionals;
  if (url === undefined || name === undefined) throw usage('call needs a URL and a method');
  if (more.length > 0) throw usage(`call takes one value, not ${more.length + 1}; put several into a file: @FILE`);
  const known = args.all('proto').length > 0 ? loadMethods(args, io) : undefined;
  const method = callableOf(known, name);
  const firstCalls = await readFirstCalls(args, known, io);
  const options = clientOptionsOf(args, url, io);
  const isVerbose = args.has('verbose');
  let client: Client | undefined;
  try {
    for await (const text of jsonTexts(data, io)) {
      // What cannot be sent is found before anybody is dialled.
      const input = method.read(text);
      if (client === undefined) {
        client = await connect(url, { ...options, signal: io.signal });
        if (isVerbose) tellConnection(client, io);
        await makeFirstCalls(client, firstCalls, io.signal, (line) => {
          if (isVerbose) say(io, line, 'dim');
        });
      }
      const answer = await method.call(client, input, {
        signal: io.signal,
        onHeaders: (headers) => {
          if (isVerbose) for (const [header, value] of headers) say(io, `${header}: ${value}`, 'dim');
        },
      });
      print(io, method.write(answer));
    }
  } finally {
    await client?.close();
  }
}

function tellConnection(client: Client, io: Io): void {
  const { connection } = client;
  if (connection === undefined) return;
  const { remoteAddress, contentType, encoding, text, headers } = connection;
  const how = [contentType, ...(text ? ['text packets'] : []), ...(encoding === undefined ? [] : [encoding])];
  say(io, `connected to ${remoteAddress}: ${how.join(', ')}`, 'dim');
  for (const [header, value] of headers) say(io, `${header}: ${value}`, 'dim');
}
