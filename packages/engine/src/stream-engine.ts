import { Conversation, type NewEngine } from './conversation.js';
import { resolvedOptions } from './options.js';
import { StreamInput } from './stream-input.js';
import { StreamOutbox } from './stream-outbox.js';
import type { Engine } from './types.js';

/** The engine for links that lose boundaries: TCP, TLS, KCP. Source: STMP 1.0, sections 1, 2, 6 and 7. */
export function createStreamEngine({ handshake, options, nowMs, maxUnreadBytes }: NewEngine): Engine {
  const resolved = resolvedOptions(options);
  const outbox = new StreamOutbox(resolved, maxUnreadBytes);
  return new Conversation(handshake, true, new StreamInput(resolved), outbox, resolved, nowMs);
}
