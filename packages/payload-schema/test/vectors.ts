import { readFileSync } from 'node:fs';
import type { MessageType } from '@stmp/contract';
import { Blob, EchoMessage, Empty, hex, JoinRoomInput, RoomModel, UserJoinEvent } from './types.js';

interface PayloadVector {
  readonly name: string;
  readonly type: string;
  readonly value: Record<string, unknown>;
  readonly jsonText: string;
  readonly 'application/json': string;
  readonly 'application/msgpack': string;
  readonly 'application/protobuf': string;
}

const file = new URL('../../../test/vectors/stmp-v1.json', import.meta.url);
const { payloads } = JSON.parse(readFileSync(file, 'utf8')) as { payloads: PayloadVector[] };
const types = new Map(
  [Blob, EchoMessage, Empty, JoinRoomInput, RoomModel, UserJoinEvent].map((type) => [type.typeName, type]),
);

/** What the original's codecs write, with the message that it means as we hold it in memory. */
export const VECTORS: readonly { name: string; type: MessageType; value: unknown; vector: PayloadVector }[] =
  payloads.map((vector) => {
    const type = types.get(vector.type);
    if (type === undefined) throw new Error(`no table for ${vector.type}`);
    return { name: vector.name, type, value: inMemory(type, vector.value), vector };
  });

/** The vectors have proto names, 64-bit integers as text and bytes in base64, and leave defaults out. */
function inMemory(type: MessageType, value: Record<string, unknown>): unknown {
  if (type === Empty) return undefined;
  return Object.fromEntries(
    type.fields.map(([, protoName, fieldType, options = {}]) => {
      const name = protoName.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
      const one = (item: unknown): unknown => {
        if (typeof fieldType === 'function') {
          return item === undefined ? undefined : inMemory(fieldType(), item as Record<string, unknown>);
        }
        if (fieldType === 'string') return item ?? '';
        if (fieldType === 'bool') return item ?? false;
        if (fieldType === 'bytes') return hex(Buffer.from(String(item ?? '').slice(7), 'base64').toString('hex'));
        if (typeof fieldType === 'string' && fieldType.endsWith('64')) return BigInt((item as string) ?? 0);
        return fieldType === 'float' ? Math.fround((item as number) ?? 0) : (item ?? 0);
      };
      const given = value[protoName];
      if (options.repeated) return [name, ((given as unknown[]) ?? []).map(one)];
      if (options.key === undefined) return [name, one(given)];
      return [name, Object.fromEntries(Object.entries(given ?? {}).map(([key, item]) => [key, one(item)]))];
    }),
  );
}
