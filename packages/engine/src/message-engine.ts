import { Conversation, type NewEngine } from './conversation.js';
import { MessageInput } from './message-input.js';
import { MessageOutbox } from './message-outbox.js';
import { resolvedOptions } from './options.js';
import type { Engine } from './types.js';

/** The engine for links that keep boundaries: WebSocket, MessagePort. Source: STMP 1.0, sections 2 and 5. */
export function createMessageEngine({ handshake, options, nowMs }: NewEngine): Engine {
  const resolved = resolvedOptions(options);
  return new Conversation(handshake, false, new MessageInput(resolved), new MessageOutbox(resolved), resolved, nowMs);
}
