import type { Shared } from '../shared.js';
import type { Connection } from '../types.js';

/** The original's TCP reader may break on a larger packet. Source: STMP 1.0, section 7. */
export const SAFE_PACKET_BYTES = 65_536;

/** Says so once for a connection: what breaks over there does so without a word, and mostly with wrong payloads. */
export function warnOfLargePacket(connection: Connection, shared: Shared, bytes: number): void {
  const { remoteAddress } = connection;
  shared.guard('logger', connection, () =>
    shared.options.logger?.warn(
      { remoteAddress, bytes },
      `a packet of ${bytes} bytes goes to a peer whose TCP reader may break above ${SAFE_PACKET_BYTES}: use tls:, ws: or gzip`,
    ),
  );
}
