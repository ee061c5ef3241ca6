import type { Client, Connection } from 'stmp';
import type { Args, OptionSpecs } from './args.js';
import { type Callable, callableOf } from './calling.js';
import { jsonTexts } from './data.js';
import type { Io } from './io.js';
import type { Known } from './services.js';

export const FIRST_CALL_OPTION: OptionSpecs = {
  call: {
    value: "'METHOD JSON'",
    isRepeated: true,
    text: 'a call to make first on each connection, such as a login; may be repeated',
  },
};

export interface FirstCall {
  readonly method: Callable;
  readonly inputs: readonly unknown[];
}

/** What `--call` says: `RoomService.Join {"name":"lobby"}`. */
export async function readFirstCalls(args: Args, known: readonly Known[] | undefined, io: Io): Promise<FirstCall[]> {
  const calls: FirstCall[] = [];
  for (const text of args.all('call')) {
    const [, name = '', data] = /^\s*(\S+)(?:\s+(.*))?$/s.exec(text) ?? [];
    const method = callableOf(known, name);
    const inputs: unknown[] = [];
    for await (const json of jsonTexts(data?.trim() || undefined, io)) inputs.push(method.read(json));
    calls.push({ method, inputs });
  }
  return calls;
}

/** Makes them in their order. @param tell Gets each answer, as a line for people. */
export async function makeFirstCalls(
  over: Client | Connection,
  calls: readonly FirstCall[],
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  for (const { method, inputs } of calls) {
    for (const input of inputs) tell(`${method.name}: ${method.write(await method.call(over, input, { signal }))}`);
  }
}
