import { type Action, actionOf } from '@stmp/contract';
import { isBuiltInFile } from './built-in.js';
import { allEnums, allMessages, type FileModel, jsonNameOf, type MethodModel, type ServiceModel } from './model.js';
import { GenerateError, type Problem } from './problem.js';
import { NULL_VALUE, unsupported, WELL_KNOWN } from './well-known.js';

/** A method with what the model leaves open. */
export interface LinkedMethod {
  readonly model: MethodModel;
  /** Its name in TypeScript. */
  readonly key: string;
  readonly action: Action;
}

export interface LinkedService {
  readonly model: ServiceModel;
  readonly kind: 'service' | 'events' | 'both';
  readonly methods: readonly LinkedMethod[];
  /** Streaming methods that have no place in the output, by their names. */
  readonly skipped: readonly string[];
}

export interface LinkOptions {
  /** Leaves streaming methods out, in place of refusing them. Default false. */
  readonly skipStreams?: boolean | undefined;
}

/** Everything the emitter asks across files. */
export interface Linked {
  readonly targets: readonly FileModel[];
  /** The file that declares a message or enum. */
  fileOf(typeName: string): FileModel | undefined;
  /** Whether there can be output of a file of this name. */
  hasOutput(name: string): boolean;
  service(service: ServiceModel): LinkedService;
}

/**
 * Checks what the files say and settles kinds and action ids.
 * @param files The files to generate and all they import.
 * @param targets Names of those to generate.
 * @throws GenerateError with everything that is wrong.
 */
export function link(
  files: readonly FileModel[],
  targets: ReadonlySet<string>,
  { skipStreams = false }: LinkOptions = {},
): Linked {
  const problems: Problem[] = [];
  const owners = new Map<string, FileModel>();
  for (const file of files) {
    for (const { fullName } of [...allMessages(file), ...allEnums(file)]) owners.set(fullName, file);
  }
  const wanted = files.filter((file) => targets.has(file.name) && (isProto3(file) || !file.onlyOptions));
  for (const file of wanted) checkFile(file, owners, skipStreams, problems);

  const services = new Map<ServiceModel, LinkedService>();
  const actions = new Map<Action, { method: string; isTarget: boolean }>();
  // Files to generate come last, so that a clash with an imported file is reported where it can be mended.
  for (const file of [...files].sort((a, b) => Number(targets.has(a.name)) - Number(targets.has(b.name)))) {
    if (!isProto3(file)) continue;
    const isTarget = targets.has(file.name);
    const report = (line: number, message: string): void => {
      if (isTarget) problems.push({ file: file.shown, line, message });
    };
    for (const service of file.services) {
      const linked = linkService(service, file.package, skipStreams, report);
      services.set(service, linked);
      for (const { model, action } of linked.methods) {
        const method = `${service.fullName}.${model.name}`;
        const other = actions.get(action);
        if (other === undefined) actions.set(action, { method, isTarget });
        else
          report(
            model.id?.line ?? model.line,
            `${method} has the action id of ${other.method}, ${hex(action)}; ${ID_MEND}`,
          );
      }
    }
  }
  if (problems.length > 0) throw new GenerateError(problems);
  return {
    targets: wanted,
    fileOf: (typeName) => owners.get(typeName),
    hasOutput: (name) => files.some((file) => file.name === name && isProto3(file)),
    service: (service) => services.get(service)!,
  };
}

const isProto3 = ({ syntax }: FileModel): boolean => syntax === 'proto3';

const ID_MEND = 'set another (stmp.service) and (stmp.method)';

export const hex = (action: Action): string => {
  const digits = action.toString(16).toUpperCase();
  const padded = digits.padStart(digits.length <= 4 ? 4 : 8, '0');
  return `0x${padded}`;
};

function checkFile(
  file: FileModel,
  owners: ReadonlyMap<string, FileModel>,
  skipStreams: boolean,
  problems: Problem[],
): void {
  const report = (line: number, message: string): void => {
    problems.push({ file: file.shown, line, message });
  };
  if (!isProto3(file)) {
    report(file.syntaxLine, `${file.syntax} is not supported; start the file with: syntax = "proto3";`);
    return;
  }
  const checkType = (line: number, name: string): void => {
    if (WELL_KNOWN.has(name) || name === NULL_VALUE) return;
    const owner = owners.get(name);
    if (name.startsWith('google.protobuf.') && (owner === undefined || isBuiltInFile(owner.name))) {
      report(line, unsupported(name));
    } else if (owner !== undefined && !isProto3(owner)) {
      report(line, `${name} is declared in ${owner.shown}, which is ${owner.syntax}; only proto3 is supported`);
    }
  };
  for (const each of allEnums(file)) {
    const first = each.values[0];
    if (first === undefined) report(each.line, `enum ${each.fullName} has no values; add one with the number 0`);
    else if (first.no !== 0) report(first.line, `the first value of enum ${each.fullName} must be 0 in proto3`);
  }
  for (const message of allMessages(file)) {
    const properties = new Map<string, string>();
    const claim = (property: string, name: string, line: number): void => {
      const other = properties.get(property);
      if (other !== undefined)
        report(line, `${name} and ${other} are both "${property}" in TypeScript and JSON; rename one`);
      properties.set(property, name);
    };
    for (const oneof of message.oneofs) claim(jsonNameOf(oneof.name), `oneof ${oneof.name}`, oneof.line);
    const members = new Map<string, string>();
    for (const field of message.fields) {
      // A member of a oneof is no property of the message in TypeScript, but it is a key in JSON.
      const other = members.get(field.jsonName);
      if (other !== undefined) {
        report(field.line, `fields ${field.name} and ${other} are both "${field.jsonName}" in JSON; rename one`);
      } else if (field.oneof === undefined) {
        claim(field.jsonName, `field ${field.name}`, field.line);
      }
      members.set(field.jsonName, field.name);
      if (field.no < 1 || field.no > 536_870_911 || (field.no >= 19_000 && field.no <= 19_999)) {
        report(field.line, `field number ${field.no} is not allowed; use 1 to 536870911, without 19000 to 19999`);
      }
      if (field.type.kind !== 'scalar') checkType(field.line, field.type.name);
    }
  }
  for (const service of file.services) {
    for (const method of service.methods) {
      if (skipStreams && method.streaming) continue;
      checkType(method.line, method.input);
      if (method.output !== method.input) checkType(method.line, method.output);
    }
  }
}

const CANNOT_BE_KEYS: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
  // An object with a `then` cannot be awaited.
  'then',
  'toJSON',
]);

/** `JoinRoom` and `join_room` to `joinRoom`. */
function keyOf(method: string): string {
  const camel = method.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase()).replaceAll('_', '');
  const key = camel.slice(0, 1).toLowerCase() + camel.slice(1);
  return CANNOT_BE_KEYS.has(key) ? `${key}$` : key;
}

function kindOf(
  { name, kind, fullName }: ServiceModel,
  report: (line: number, message: string) => void,
): LinkedService['kind'] {
  if (kind !== undefined) {
    if (!kind.service && !kind.events) {
      report(
        kind.line,
        `(stmp.kind) of ${fullName} is neither service nor events; write { service: true } or { events: true }`,
      );
    }
    return kind.service && kind.events ? 'both' : kind.events ? 'events' : 'service';
  }
  return name.endsWith('Service') ? 'service' : name.endsWith('Events') ? 'events' : 'both';
}

function linkService(
  model: ServiceModel,
  packageName: string,
  skipStreams: boolean,
  report: (line: number, message: string) => void,
): LinkedService {
  const kind = kindOf(model, report);
  if (model.id !== undefined && model.id.value >= 1n << 56n) {
    report(model.id.line, `(stmp.service) of ${model.fullName} does not fit into 56 bits; use a smaller one`);
  }
  const keys = new Map<string, string>();
  const isSkipped = ({ streaming }: MethodModel): boolean => skipStreams && streaming;
  const methods = model.methods
    .filter((method) => !isSkipped(method))
    .map((method): LinkedMethod => {
      const full = `${model.fullName}.${method.name}`;
      if (method.streaming) {
        report(
          method.line,
          `${full}: STMP has no streams; remove "stream", and push with a service named ...Events; the option skip-streams leaves such methods out`,
        );
      }
      const key = keyOf(method.name);
      const other = keys.get(key);
      if (other !== undefined) report(method.line, `${full} and ${other} are both "${key}" in TypeScript; rename one`);
      keys.set(key, method.name);
      if (model.id !== undefined && method.id === undefined) {
        report(
          method.line,
          `${full} needs option (stmp.method), since ${model.name} has (stmp.service); set both or none`,
        );
      } else if (model.id === undefined && method.id !== undefined) {
        report(
          method.id.line,
          `(stmp.method) of ${full} needs option (stmp.service) in ${model.name}; set both or none`,
        );
      }
      const action = actionFor(model, method, packageName);
      if (action <= 0xff) {
        const mend =
          model.id === undefined
            ? 'rename the method, or set (stmp.service) and (stmp.method)'
            : 'raise (stmp.service)';
        report(
          method.id?.line ?? method.line,
          `${full} has the action id ${hex(action)}, but 0 to 0xFF are reserved; ${mend}`,
        );
      }
      return { model: method, key, action };
    });
  return { model, kind, methods, skipped: model.methods.filter(isSkipped).map(({ name }) => name) };
}

/** Source: STMP 1.0, section 9. */
function actionFor(service: ServiceModel, method: MethodModel, packageName: string): Action {
  // The dot stays even without a package.
  if (service.id === undefined || method.id === undefined)
    return actionOf(`${packageName}.${service.name}`, method.name);
  const action = BigInt.asUintN(64, (service.id.value << 8n) | method.id.value);
  return action > BigInt(Number.MAX_SAFE_INTEGER) ? action : Number(action);
}
