import { loadServices } from '@stmp/protoc-gen-stmp';
import { type AnyMethod, methodName } from 'stmp';
import type { Args, OptionSpecs } from './args.js';
import { usage } from './exit-code.js';
import type { Io } from './io.js';

export const SCHEMA_OPTIONS: OptionSpecs = {
  proto: { value: 'FILE', isRepeated: true, text: 'a .proto file that describes the services; may be repeated' },
  'proto-path': {
    short: 'I',
    value: 'DIR',
    isRepeated: true,
    text: 'a root of imports (default: the folders of the files)',
  },
};

type Loaded = ReturnType<typeof loadServices>;
type Service = Loaded['services'] extends ReadonlyMap<string, infer S> ? S : never;

/** A method of the `.proto` files, with what a client needs to use it. */
export interface Known {
  /** `package.Service.Method`. */
  readonly name: string;
  /** Its name in {@link service}. */
  readonly key: string;
  readonly service: Service;
  readonly method: AnyMethod;
}

/** All methods of the files that `--proto` names, in their order. */
export function loadMethods(args: Args, io: Io): Known[] {
  const files = args.all('proto');
  if (files.length === 0) return [];
  const { services } = loadServices(files, { cwd: io.cwd, protoPath: args.all('proto-path') });
  return [...services.values()].flatMap((service) =>
    Object.entries(service.methods as Record<string, AnyMethod>).map(([key, method]) => ({
      name: methodName(service.typeName, method.name),
      key,
      service,
      method,
    })),
  );
}

export const isCalled = ({ service }: Known): boolean => service.kind !== 'events';
export const isHeard = ({ service }: Known): boolean => service.kind !== 'service';

/** `Service.Method`, with as much of the package in front as it takes; a slash may stand for the last dot. */
export function findMethod(known: readonly Known[], name: string): Known {
  const among = known.filter(isCalled);
  const found = among.filter((each) => isNamed(each, name));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw usage(`${name} may be ${listOf(found)}; say which`);
  if (known.some((each) => isNamed(each, name))) throw usage(`${name} is an event, which is listened to: stmp listen`);
  throw usage(`there is no method ${name}; there are ${listOf(among)}`);
}

/** The events that patterns such as `RoomEvents.*` name, each once. */
export function findEvents(known: readonly Known[], patterns: readonly string[]): Known[] {
  const among = known.filter(isHeard);
  for (const pattern of patterns) {
    if (!among.some((each) => isNamed(each, pattern)))
      throw usage(`there is no event ${pattern}; there are ${listOf(among)}`);
  }
  return among.filter((each) => patterns.some((pattern) => isNamed(each, pattern)));
}

/** `*` stands for any characters; case does not count. */
function isNamed({ name }: Known, pattern: string): boolean {
  const wanted = pattern.replace('/', '.');
  const expression = wanted
    .split('*')
    .map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'))
    .join('.*');
  return new RegExp(`(^|\\.)${expression}$`, 'i').test(name);
}

const listOf = (known: readonly Known[]): string => known.map(({ name }) => name).join(', ') || 'none';
