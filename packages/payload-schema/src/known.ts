import type { MessageType, Timestamp } from '@stmp/contract';
import { at, Fault, fault } from './fault.js';
import { jsonName } from './names.js';
import { CHECKS } from './scalars.js';
import { isObject } from './send.js';

/** What a well-known type asks of its values beyond their fields, the same in every codec. */
export interface Rule {
  /** A value to be sent in full, checked: of a Timestamp also a `Date`. */
  toSend(value: unknown): Record<string, unknown>;
  /** Faults where a received message breaks the rule. */
  received(message: Record<string, unknown>): void;
}

interface Seconds {
  readonly seconds: bigint;
  readonly nanos: number;
}

// What JSON can write: the years 0001 to 9999, and 10,000 years each way.
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const MAX_DURATION_SECONDS = 315_576_000_000n;
const MAX_NANOS = 999_999_999;

function checkTimestamp({ seconds, nanos }: Seconds): void {
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) throw new Fault('expected a year from 1 to 9999');
  if (nanos < 0 || nanos > MAX_NANOS) throw new Fault('expected nanos from 0 to 999999999');
}

function checkDuration({ seconds, nanos }: Seconds): void {
  const isWild = seconds > MAX_DURATION_SECONDS || seconds < -MAX_DURATION_SECONDS || Math.abs(nanos) > MAX_NANOS;
  if (isWild || (seconds < 0n && nanos > 0) || (seconds > 0n && nanos < 0)) {
    throw new Fault('expected seconds within 10000 years, and nanos of the same sign');
  }
}

/** A path of a field mask in JSON. */
export const camelPath = (path: string): string => path.split('.').map(jsonName).join('.');
export const snakePath = (path: string): string => path.replace(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`);

/** A path must come back from its JSON form, where commas part paths. */
function checkPath(path: string): void {
  if (path === '' || path.includes(',') || snakePath(camelPath(path)) !== path) {
    throw new Fault('a path of the field mask has no JSON form');
  }
}

function secondsOf(value: unknown): Seconds {
  if (!isObject(value)) return fault('object', value);
  const member = (name: 'seconds' | 'nanos', check: (value: unknown) => unknown): unknown => {
    try {
      return check(value[name] ?? 0);
    } catch (error) {
      throw at(error, `.${name}`);
    }
  };
  return { seconds: member('seconds', CHECKS.int64) as bigint, nanos: member('nanos', CHECKS.int32) as number };
}

function ruleOfTime(check: (time: Seconds) => void, take: (value: unknown) => Seconds): Rule {
  return {
    toSend(value) {
      const time = take(value);
      check(time);
      return time as unknown as Record<string, unknown>;
    },
    received: (message) => check(message as unknown as Seconds),
  };
}

const maskRule: Rule = {
  toSend(value) {
    if (!isObject(value)) return fault('object', value);
    const { paths = [] } = value;
    if (!Array.isArray(paths)) return fault('list', paths);
    for (const path of paths) checkPath(CHECKS.string(path) as string);
    return { paths };
  },
  received: ({ paths }) => (paths as string[]).forEach(checkPath),
};

const RULES: Readonly<Record<string, Rule>> = {
  Timestamp: /* @__PURE__ */ ruleOfTime(checkTimestamp, (value) =>
    value instanceof Date ? fromDate(value) : secondsOf(value),
  ),
  Duration: /* @__PURE__ */ ruleOfTime(checkDuration, secondsOf),
  FieldMask: maskRule,
};

export function ruleOf({ typeName }: MessageType): Rule | undefined {
  const name = /^google\.protobuf\.(Timestamp|Duration|FieldMask)$/.exec(typeName)?.[1];
  return name === undefined ? undefined : RULES[name];
}

function fromDate(date: Date): Timestamp {
  const millis = date.getTime();
  if (Number.isNaN(millis)) throw new Fault('expected a valid Date');
  const seconds = Math.floor(millis / 1000);
  return { seconds: BigInt(seconds), nanos: (millis - seconds * 1000) * 1_000_000 };
}

/**
 * A Timestamp of the same moment.
 * @throws RangeError for an invalid date, or one outside of the years 1 to 9999.
 */
export function timestampFromDate(date: Date): Timestamp {
  try {
    const time = fromDate(date);
    checkTimestamp(time);
    return time;
  } catch (error) {
    throw error instanceof Fault ? new RangeError(error.text) : error;
  }
}

/** The millisecond in which the moment lies: what is finer than a `Date` can tell is cut off. */
export function dateFromTimestamp({ seconds, nanos }: Timestamp): Date {
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000));
}
