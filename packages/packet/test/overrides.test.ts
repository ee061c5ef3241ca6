import { describe, expect, it } from 'vitest';
import { OVERRIDES } from '../../../test/vectors/overrides.js';
import { readVectors } from '../../../test/vectors/vectors.js';

describe('vectors that a rule overrules', () => {
  const vectors = readVectors<Record<string, { name: string; reply?: unknown }[]>>();

  it('are these and no others', () => {
    const list: Record<string, string[]> = {};
    for (const { section, name } of OVERRIDES) {
      list[section] ??= [];
      list[section].push(name);
    }
    expect(list).toEqual({
      tcpHandshakes: [
        'list without parameters: only the last entry can match',
        'list: first wins when entries have parameters',
        'only the first value of a repeated Accept counts',
        'key case matters',
        'value case matters',
        'wildcard is not understood',
        'Packet-Format is echoed on tcp',
      ],
      tcpExchanges: [
        'string method',
        'notify',
        'notify, unknown action',
        'method that fails with a plain error',
        'empty protobuf request',
        'empty protobuf request to an option action',
      ],
      wsHandshakes: [
        'Accept-Packet-Format=text is ignored',
        'Packet-Format=TEXT is echoed, packets stay binary',
        'query keys are case sensitive',
        'lower-case accept only',
        'version 1-0',
      ],
      wsExchanges: [
        'binary notify',
        'text echo, text frame',
        'text echo, binary frame',
        'text echo, header',
        'text notify',
        'text close',
        'text close without P',
        'text unknown kind',
        'text method',
      ],
    });
  });

  it.each(OVERRIDES)('$section: $name', ({ section, name, rule, expected }) => {
    const vector = vectors[section]?.find((entry) => entry.name === name);
    expect(vector).toBeDefined();
    expect(rule).not.toBe('');
    if ('reply' in expected) expect(expected.reply).not.toEqual(vector?.reply);
  });
});
