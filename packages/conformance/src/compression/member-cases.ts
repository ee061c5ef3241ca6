import { check, equal, sameBytes } from '../assert.js';
import { concat } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import type { CompressionFixture } from './fixture.js';
import { inflate, packetOf, somePackets, write } from './packets.js';

const MEMBER_BYTES = 32_768;

/** Members of a stream, which readers must follow and which `memberBytes` makes. Source: STMP 1.0, section 6. */
export function memberCases(fixture: CompressionFixture): Case[] {
  const { compression } = fixture;
  const noMembers = fixture.members === undefined && 'the fixture cannot tell members';

  /** Writes of packets by their sizes; checks each packet's place, and that no write ends with a member's end. */
  const rotate = (writes: readonly (readonly number[])[]): void => {
    const members = (bytes: Uint8Array) => (fixture.members as NonNullable<typeof fixture.members>)(bytes);
    const compressor = compression.createCompressor({ memberBytes: MEMBER_BYTES });
    const decompressor = compression.createDecompressor();
    const output: Uint8Array[] = [];
    const plain: Uint8Array[] = [];
    const borders = new Set<number>([0]);
    let at = 0;
    writes.forEach((sizes, i) => {
      const packets = sizes.map((size, n) => packetOf(size, 90 + i + n));
      const bytes = write(compressor, ...packets);
      sameBytes(inflate(decompressor, bytes), concat(packets), `write ${i}`);
      output.push(bytes);
      plain.push(...packets);
      equal(members(concat(output)).open, true, `a member is open after write ${i}`);
      for (const size of sizes) {
        at += size;
        borders.add(at);
      }
    });
    const starts: number[] = [];
    let start = 0;
    for (const size of members(concat(output)).sizes) {
      check(borders.has(start), `a member begins inside a packet, at ${start}`);
      starts.push(start);
      start += size;
    }
    equal(start, at, 'plain bytes of all members');
    let place = 0;
    for (const packet of plain) {
      const member = starts.filter((begin) => begin <= place).at(-1) as number;
      const from = place - member;
      const crosses = Math.floor(from / MEMBER_BYTES) !== Math.floor((from + packet.length - 1) / MEMBER_BYTES);
      if (packet.length <= MEMBER_BYTES)
        check(!crosses, `a packet of ${packet.length} crosses, at ${from} in its member`);
      place += packet.length;
    }
  };

  return [
    defineCase('members that follow each other are read as one stream, cut anywhere', false, async () => {
      const packets = somePackets(40, 91);
      const members: Uint8Array[] = [];
      // Each compressor begins with a new member; ended members come out of rotation alone.
      const compressor = compression.createCompressor({ memberBytes: 4096 });
      for (const packet of packets) members.push(write(compressor, packet));
      const bytes = concat(members);
      for (const size of [1, 5, 1 << 30]) {
        const decompressor = compression.createDecompressor();
        const plain: Uint8Array[] = [];
        for (let i = 0; i < bytes.length; i += size) plain.push(inflate(decompressor, bytes.slice(i, i + size)));
        sameBytes(concat(plain), concat(packets), `in pieces of ${size}`);
      }
    }),
    defineCase('with memberBytes no packet crosses a multiple, one packet per write', noMembers, async () => {
      rotate(Array.from({ length: 160 }, (_, i) => [200 + ((i * 37) % 900)]));
    }),
    defineCase('with memberBytes no packet crosses a multiple, many packets per write', noMembers, async () => {
      rotate(Array.from({ length: 12 }, (_, i) => Array.from({ length: 50 }, (_, n) => 100 + ((i * n * 13) % 2000))));
    }),
    defineCase('with memberBytes packets that fill a member exactly stay in it', noMembers, async () => {
      rotate([[16_384], [16_384], [100], [32_768], [32_668], [100], [32_768]]);
      rotate([[16_384, 16_384, 16_384, 16_384, 50]]);
    }),
    defineCase('with memberBytes packets larger than a member come through', noMembers, async () => {
      rotate([[100], [40_000], [100], [70_000, 200], [32_767], [32_769], [20]]);
    }),
    defineCase('without memberBytes there is one member', noMembers, async () => {
      const members = fixture.members as NonNullable<typeof fixture.members>;
      const compressor = compression.createCompressor();
      const output: Uint8Array[] = [];
      for (let i = 0; i < 20; i++) output.push(write(compressor, packetOf(10_000, i)));
      equal(members(concat(output)).sizes.length, 1, 'members');
    }),
  ];
}
