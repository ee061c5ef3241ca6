import type { Duplex } from 'node:stream';
import { frameBytes, putFrame, reserve, type Unit, unitBytes, unmaskedHeader } from './frame-writer.js';

/** Up to this many bytes the units of a turn are copied into one piece of memory. */
const COPY_BYTES = 65_536;
/** From this size on a unit is not worth a copy. */
const LARGE_BYTES = 16_384;

interface Flushable {
  flush(): void;
}

// Links with units of this turn. One tick serves them all.
let waiting: Flushable[] = [];
// The frame of the unit that was written last, for a broadcast: the same unit on many links is framed once.
let sharedUnit: Unit | undefined;
let sharedFrame: Buffer | undefined;

/** Has `link.flush()` called at the end of this turn. */
export function flushSoon(link: Flushable): void {
  if (waiting.push(link) === 1) process.nextTick(flushAll);
}

function flushAll(): void {
  const links = waiting;
  waiting = [];
  for (const link of links) link.flush();
  sharedUnit = undefined;
  sharedFrame = undefined;
}

/**
 * Frames the units and writes them, in one write where copying is cheap.
 * @param bytes of all frames.
 */
export function writeUnits(
  socket: Duplex,
  masked: boolean,
  first: Unit,
  more: readonly Unit[] | undefined,
  bytes: number,
  onWritten: (() => void) | undefined,
): void {
  if (more === undefined && !masked) {
    if (sharedFrame === undefined || sharedUnit !== first) {
      if (bytes > LARGE_BYTES && typeof first !== 'string') {
        writeLarge(socket, [first], onWritten);
        return;
      }
      sharedFrame = room(socket, bytes);
      putFrame(sharedFrame, 0, first, false);
      sharedUnit = first;
    }
    socket.write(sharedFrame, onWritten);
    return;
  }
  if (!masked && bytes > COPY_BYTES) {
    writeLarge(socket, [first, ...(more ?? [])], onWritten);
    return;
  }
  const slab = room(socket, bytes);
  let at = putFrame(slab, 0, first, masked);
  for (const unit of more ?? []) at = putFrame(slab, at, unit, masked);
  socket.write(slab, onWritten);
}

/** A peer that reads slowly must not hold a whole slab for a few bytes. */
function room(socket: Duplex, bytes: number): Buffer {
  return socket.writableLength > 0 ? Buffer.allocUnsafeSlow(bytes) : reserve(bytes);
}

/** One gathering write, with large units as they are. */
function writeLarge(socket: Duplex, units: readonly Unit[], onWritten: (() => void) | undefined): void {
  const pieces: Uint8Array[] = [];
  for (const unit of units) {
    if (typeof unit !== 'string' && unit.length >= LARGE_BYTES) {
      pieces.push(unmaskedHeader(unit), unit);
    } else {
      const frame = reserve(frameBytes(unitBytes(unit), false));
      putFrame(frame, 0, unit, false);
      pieces.push(frame);
    }
  }
  socket.cork();
  const last = pieces.length - 1;
  for (let i = 0; i < last; i++) socket.write(pieces[i]);
  socket.write(pieces[last], onWritten);
  socket.uncork();
}
