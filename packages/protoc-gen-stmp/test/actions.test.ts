import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emitted, generateFrom, path } from './helpers.js';

interface Vectors {
  readonly actions: readonly { readonly method: string; readonly action: string }[];
}
const { actions } = JSON.parse(readFileSync(path('../../../test/vectors/stmp-v1.json'), 'utf8')) as Vectors;

const empty = '(google.protobuf.Empty) returns (google.protobuf.Empty);';

describe('action ids by hash', () => {
  // Others are names that no .proto gives: without a service, or with a small first letter.
  const named = actions.filter(({ method }) => /(^|\.)[A-Z]\w*\.[A-Z]\w*$/.test(method));

  it('has vectors', () => expect(named.length).toBeGreaterThanOrEqual(11));

  for (const { method, action } of named) {
    it(method, () => {
      const parts = method.split('.');
      const [rpc, service] = [parts.pop(), parts.pop()];
      const packageName = parts.join('.');
      const head = `syntax = "proto3"; ${packageName === '' ? '' : `package ${packageName};`}`;
      const [file] = generateFrom({
        'a.proto': `${head} import "google/protobuf/empty.proto"; service ${service} { rpc ${rpc}${empty} }`,
      });
      const found = /action: (0x[0-9A-F]+)/.exec(file?.text ?? '')?.[1];
      expect(BigInt(found ?? 0)).toBe(BigInt(action));
    });
  }

  it('raises the first letters of service and method', () => {
    const of = (service: string, method: string): string | undefined =>
      /action: (\w+)/.exec(emitted(`service ${service} { rpc ${method}${empty} }`))?.[1];
    expect(of('roomService', 'join')).toBe(of('RoomService', 'Join'));
    expect(of('RoomService', 'joinRoom')).not.toBe(of('RoomService', 'joinroom'));
  });
});

describe('action ids by options', () => {
  const idOf = (service: string, method: string): string | undefined => {
    const body = `service A { option (stmp.service) = ${service}; rpc One(google.protobuf.Empty) returns (google.protobuf.Empty) { option (stmp.method) = ${method}; } }`;
    return /action: (\w+)/.exec(emitted(body))?.[1];
  };

  for (const [service, method, action] of [
    ['0x11', '0x01', '0x1101'],
    ['17', '1', '0x1101'],
    ['021', '01', '0x1101'],
    ['0x0011', '0xaB', '0x11AB'],
    ['0', '0x100', '0x0100'],
    ['1', '0', '0x0100'],
    ['0x123456', '0x78', '0x12345678'],
    // The largest safe integer is a number still.
    ['0x1FFFFFFFFFFF', '0xFF', '0x1FFFFFFFFFFFFF'],
    ['0x200000000000', '0', '0x20000000000000n'],
    ['0xFFFFFFFFFFFFFF', '0xFF', '0xFFFFFFFFFFFFFFFFn'],
    ['72057594037927935', '18446744073709551615', '0xFFFFFFFFFFFFFFFFn'],
  ] as const) {
    it(`${service} and ${method} make ${action}`, () => expect(idOf(service, method)).toBe(action));
  }
});

describe('kinds', () => {
  for (const [name, option, kind] of [
    ['AService', '', 'service'],
    ['AEvents', '', 'events'],
    ['AThing', '', 'both'],
    ['Services', '', 'both'],
    ['AService', 'option (stmp.kind) = { events: true };', 'events'],
    ['AService', 'option (stmp.kind) = { events: true, service: false };', 'events'],
    ['AService', 'option (stmp.kind) = { events: true service: true };', 'both'],
    ['AEvents', 'option (stmp.kind).service = true;', 'service'],
    ['AEvents', 'option (.stmp.kind).service = true; option (stmp.kind).events = true;', 'both'],
    ['Thing', 'option (stmp.kind) = { service: true; };', 'service'],
  ] as const) {
    it(`${name} ${option} is ${kind}`, () => {
      const type = { service: 'ServiceType', events: 'EventsType', both: 'DualType' }[kind];
      const text = emitted(`service ${name} { ${option} }`);
      expect(text).toContain(`export const ${name}: ${type}<${name}Methods> = {\n  kind: '${kind}',`);
    });
  }
});
