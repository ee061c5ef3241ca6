import type { Members } from '@stmp/conformance';
import { type Compression, StmpError } from '@stmp/contract';

const MAGIC = 0x5a;
const LITERAL = 1;
const RUN = 2;
const END = 3;

/**
 * A sound toy: blocks of `literal, u32 length, bytes` and `run, u32 length, byte`, with members
 * that begin with a magic byte and end with an end block.
 */
export const storedCompression: Compression = {
  encoding: 'stored',
  createCompressor({ memberBytes } = {}) {
    let out: Uint8Array[] = [];
    let inMember = false;
    let place = 0;
    return {
      add(bytes, start, end) {
        const length = end - start;
        const crosses =
          memberBytes !== undefined &&
          Math.floor(place / memberBytes) !== Math.floor((place + length - 1) / memberBytes);
        if (inMember && crosses && place > 0) {
          out.push(Uint8Array.of(END));
          inMember = false;
        }
        if (!inMember) {
          out.push(Uint8Array.of(MAGIC));
          inMember = true;
          place = 0;
        }
        place += length;
        const size = [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
        const first = bytes[start] as number;
        const alike = bytes.subarray(start, end).every((byte) => byte === first);
        if (alike) out.push(Uint8Array.of(RUN, ...size, first));
        else out.push(Uint8Array.of(LITERAL, ...size), bytes.slice(start, end));
      },
      flush() {
        const flat = new Uint8Array(Buffer.concat(out));
        out = [];
        return flat;
      },
      close() {
        out = [];
      },
    };
  },
  createDecompressor() {
    let input: Uint8Array = new Uint8Array(0);
    let inMember = false;
    let failed = false;
    let literal = 0;
    let run = 0;
    let runByte = 0;
    return {
      push(bytes) {
        const joined = new Uint8Array(input.length + bytes.length);
        joined.set(input);
        joined.set(bytes, input.length);
        input = joined;
      },
      pull() {
        if (failed) throw new StmpError('compression_failed', 'stored: has failed');
        for (;;) {
          if (run > 0) {
            const piece = new Uint8Array(Math.min(run, 65_536)).fill(runByte);
            run -= piece.length;
            return piece;
          }
          if (literal > 0) {
            if (input.length === 0) return undefined;
            const piece = input.slice(0, Math.min(literal, 65_536));
            literal -= piece.length;
            input = input.subarray(piece.length);
            return piece;
          }
          const kind = input[0];
          if (kind === undefined) return undefined;
          if (!inMember && kind === MAGIC) {
            inMember = true;
            input = input.subarray(1);
          } else if (inMember && kind === END) {
            inMember = false;
            input = input.subarray(1);
          } else if (inMember && (kind === LITERAL || kind === RUN)) {
            const head = kind === RUN ? 6 : 5;
            if (input.length < head) return undefined;
            const size = new DataView(input.buffer, input.byteOffset).getUint32(1);
            if (kind === RUN) {
              run = size;
              runByte = input[5] as number;
            } else literal = size;
            input = input.subarray(head);
          } else {
            failed = true;
            throw new StmpError('compression_failed', `stored: block ${kind} is unknown`);
          }
        }
      },
      close() {
        input = new Uint8Array(0);
      },
    };
  },
};

/** A run of 16 MiB and some. */
export const STORED_BOMB: Uint8Array = Uint8Array.of(MAGIC, RUN, 1, 0, 0x30, 0x39, 7);

export function storedMembers(bytes: Uint8Array): Members {
  const sizes: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let open = false;
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at];
    if (kind === MAGIC) {
      sizes.push(0);
      open = true;
      at++;
    } else if (kind === END) {
      open = false;
      at++;
    } else {
      const size = view.getUint32(at + 1);
      sizes[sizes.length - 1] = (sizes.at(-1) as number) + size;
      at += kind === RUN ? 6 : 5 + size;
    }
  }
  return { sizes, open };
}
