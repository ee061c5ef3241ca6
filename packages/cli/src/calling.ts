import type { AnyMethod, CallOptions, Client, Connection, MethodTable, ServiceType } from 'stmp';
import { readInput, toJson } from './data.js';
import { findMethod, type Known } from './services.js';

/** A method that is ready to be called with JSON. */
export interface Callable {
  readonly name: string;
  /** The value that JSON means for it. @throws CliError when it does not fit. */
  read(json: string): unknown;
  call(over: Client | Connection, input: unknown, options?: CallOptions): Promise<unknown>;
  /** An answer as one line of JSON. */
  write(output: unknown): string;
}

const UNTYPED: AnyMethod = { name: '', action: 0 };

/** Without `.proto` files the name is handed to the server, and values are plain JSON. */
export function callableOf(known: readonly Known[] | undefined, name: string): Callable {
  if (known === undefined) {
    return {
      name,
      read: (json) => readInput(UNTYPED, json),
      call: (over, input, options) => over.call(name.replace('/', '.'), input, options),
      write: (output) => toJson(undefined, output),
    };
  }
  const { key, service, method, name: fullName } = findMethod(known, name);
  return {
    name: fullName,
    read: (json) => readInput(method, json),
    call: (over, input, options) =>
      over.service(service as ServiceType<MethodTable<Record<string, AnyMethod>>>)[key]!(input, options),
    write: (output) => toJson(method.output, output),
  };
}
