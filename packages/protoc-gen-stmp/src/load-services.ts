import type { EnumType, EventsType, Field, FieldType, MessageType, Method, ServiceType } from '@stmp/contract';
import { UsageError } from './cli-args.js';
import { inputsOnDisk } from './disk.js';
import { type Linked, type LinkedService, type LinkOptions, link } from './link.js';
import { loadProtos, type ReadSource } from './load.js';
import { allEnums, allMessages, type FieldModel, type FileModel, type TypeRef } from './model.js';
import { GenerateError } from './problem.js';
import { optionsOfFields } from './table.js';
import { NULL_VALUE, WELL_KNOWN } from './well-known.js';

export interface LoadServicesOptions extends LinkOptions {
  /** Roots of imports. Default: the folders of the files. */
  readonly protoPath?: readonly string[] | undefined;
  /** The folder that paths are relative to. Default: that of the process. */
  readonly cwd?: string | undefined;
  /** Gives the text of a file by its name in an import, in place of the disk. */
  readonly read?: ReadSource | undefined;
}

/** A service as generated code has it. Its methods are those of the `.proto`, by their names in TypeScript. */
export type LoadedService = ServiceType | EventsType;

/** What the files describe, by full names such as `chat.v1.ChatService`. */
export interface LoadedServices {
  /** The services of the files that were named, in the order of their declaration. */
  readonly services: ReadonlyMap<string, LoadedService>;
  /** All messages, imported and nested ones too. */
  readonly messages: ReadonlyMap<string, MessageType>;
}

/**
 * Reads `.proto` files at run time, for gateways, tools and tests: services and messages come out as generated code has
 * them, ready for clients, servers and payload codecs, but without types.
 * @param files Paths, or, with `read`, names as imports give them.
 * @throws GenerateError with everything that is wrong.
 */
export function loadServices(files: readonly string[], options: LoadServicesOptions = {}): LoadedServices {
  const { names, read } = inputsOf(files, options);
  const models = loadProtos(names, read);
  return describe(models, link(models, new Set(names), options));
}

function inputsOf(
  files: readonly string[],
  { read, cwd = process.cwd(), protoPath = [] }: LoadServicesOptions,
): { readonly names: readonly string[]; readonly read: ReadSource } {
  if (read !== undefined) return { names: files, read };
  try {
    return inputsOnDisk({ cwd, inputs: files, protoPath });
  } catch (error) {
    throw error instanceof UsageError ? new GenerateError([{ message: error.message }]) : error;
  }
}

function describe(all: readonly FileModel[], linked: Linked): LoadedServices {
  const models = all.filter(({ syntax }) => syntax === 'proto3');
  const messages = new Map<string, MessageType>();
  const enums = new Map<string, EnumType>([[NULL_VALUE, { NULL_VALUE: 0 }]]);
  // Only files that were named have been checked in full; a fault in what they import shows where it is used.
  const messageOf = (name: string): MessageType => {
    const message = messages.get(name);
    if (message !== undefined) return message;
    throw new GenerateError([{ message: `${name} cannot be used here: it is not declared in a proto3 file` }]);
  };
  const typeOf = (type: TypeRef): FieldType => {
    if (type.kind === 'scalar') return type.name;
    return (type.kind === 'enum' ? enums.get(type.name) : undefined) ?? (() => messageOf(type.name));
  };
  const addMessage = (typeName: string, fields: readonly FieldModel[]): void => {
    const options = optionsOfFields(typeName, fields);
    const rows = fields.map((field, i): Field => [field.no, field.name, typeOf(field.type), options[i]!]);
    messages.set(typeName, { typeName, fields: rows });
  };
  for (const model of models) {
    for (const { fullName, values } of allEnums(model))
      enums.set(fullName, Object.fromEntries(values.map(({ name, no }) => [name, no])));
  }
  for (const [fullName, { fields }] of WELL_KNOWN) addMessage(fullName, fields);
  for (const model of models) {
    for (const { fullName, fields } of allMessages(model)) if (!WELL_KNOWN.has(fullName)) addMessage(fullName, fields);
  }
  const serviceOf = ({ model, kind, methods }: LinkedService): LoadedService => ({
    kind,
    typeName: model.fullName,
    methods: Object.fromEntries(
      methods.map(({ key, action, model: { name, input, output } }): [string, Method] => [
        key,
        { name, action, input: messageOf(input), output: messageOf(output) },
      ]),
    ),
  });
  const services = linked.targets.flatMap((file) => file.services.map((each) => serviceOf(linked.service(each))));
  return { services: new Map(services.map((service) => [service.typeName, service])), messages };
}
