import { readFileSync } from 'node:fs';
import { DEFAULT_RETRY_ON, DEFAULT_SERVER_MAX_PACKET_BYTES } from '@stmp/connection';
import { DEFAULT_MAX_PACKET_BYTES, Status, statusName } from '@stmp/contract';
import { DEFAULT_KEEPALIVE } from '@stmp/engine';
import { TCP_SAFE_UNREAD_BYTES, TLS_SAFE_WRITE_BYTES } from '@stmp/link-duplex';
import { DEFAULT_MAX_HANDSHAKE_BYTES, DEFAULT_MAX_HEADER_BYTES } from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { RULES } from './rules.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const DOCUMENT = read('docs/protocol.md');

/** A section as one line. */
function section(number: number): string {
  const [, text] = DOCUMENT.split(new RegExp(`^## ${number}\\. .*$`, 'm'));
  return text!.split(/^## /m)[0]!.replace(/\s+/g, ' ');
}

/** The first cells of a table, without its head. */
function subjects(text: string): string[] {
  return [...text.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell!).filter((cell) => cell !== 'subject');
}

/** A name as a test has it, in any quotes. */
const isNamed = (source: string, name: string): boolean =>
  ["'", '"', '`'].some((quote) => source.includes(`${quote}${name}${quote}`));

describe('each rule', () => {
  it.each(RULES)('$rule', ({ section: number, says, shown }) => {
    expect(section(number)).toContain(says);
    expect(shown.length).toBeGreaterThan(0);
    for (const [file, ...names] of shown) {
      const source = read(file);
      expect(names.length, file).toBeGreaterThan(0);
      expect(
        names.filter((name) => !isNamed(source, name)),
        file,
      ).toEqual([]);
    }
  });

  it('stands in the table of differences where the original does something else, and nothing stands there beside', () => {
    const table = subjects(DOCUMENT.split(/^## 11\. .*$/m)[1]!);
    expect(RULES.flatMap(({ differs = [] }) => differs).sort()).toEqual(table.sort());
  });
});

describe('the figures of the document are those of the code', () => {
  const inWords = (bytes: number): string => bytes.toLocaleString('en-US');

  it('sizes', () => {
    expect(DEFAULT_MAX_HEADER_BYTES).toBe(DEFAULT_MAX_HANDSHAKE_BYTES);
    expect(section(2)).toContain(`handshakes and header blocks ${inWords(DEFAULT_MAX_HEADER_BYTES)} by default`);
    expect(section(2)).toContain(`together at most ${inWords(DEFAULT_MAX_PACKET_BYTES)} bytes`);
    expect(section(2)).toContain(`Ours take ${DEFAULT_SERVER_MAX_PACKET_BYTES / 2 ** 20} MiB on servers`);
    expect(section(7)).toContain(`at most ${inWords(TCP_SAFE_UNREAD_BYTES)} bytes unread`);
    expect(section(7)).toContain(`${inWords(TLS_SAFE_WRITE_BYTES)} bytes over TLS`);
  });

  it('times', () => {
    const { pingIntervalMs, idleTimeoutMs, waiting } = DEFAULT_KEEPALIVE;
    const times = [pingIntervalMs, idleTimeoutMs, waiting.pingIntervalMs, waiting.idleTimeoutMs];
    const [ping, dead, hurried, given] = times.map((ms) => `${ms / 1_000} s`);
    expect(section(4)).toContain(
      `after ${ping} of silence and give up after ${dead}; after ${hurried} and ${given} while`,
    );
    expect(section(11)).toContain(`${ping} and ${dead}; ${hurried} and ${given} while calls wait`);
  });

  it('statuses', () => {
    const rows = [...section(3).matchAll(/\| ([0-9A-F]{2}) \| (\w+) \|/g)].map(([, hex, name]) => [
      Number(`0x${hex}`),
      name,
    ]);
    expect(Object.fromEntries(rows.map(([status, name]) => [name, status]))).toEqual(Status);
  });

  it('statuses that are tried again', () => {
    const said = /Clients of ours connect anew (.*?)\. Applications/.exec(section(4))![1]!;
    const named = Object.values(Status).filter((status) => new RegExp(`\\b${statusName(status)}\\b`).test(said));
    expect(named.sort()).toEqual(Object.keys(DEFAULT_RETRY_ON).map(Number).sort());
  });
});
