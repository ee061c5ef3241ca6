import type { EnginePhase } from './types.js';

/** What moves a conversation on. */
export type Step =
  /** The client's handshake has been read. */
  | 'introduced'
  /** Both sides have agreed. */
  | 'agreed'
  /** We have said Close. */
  | 'farewell'
  /** The end, whatever its reason. */
  | 'over';

/** One row of the table below. */
export interface Phase {
  readonly name: EnginePhase;
  /** What input is read as; `none`: it is kept (authenticating) or dropped (closed). */
  readonly reads: 'handshake' | 'packets' | 'none';
  /** Packets of the application leave, and those of the peer are handed out. */
  readonly talks: boolean;
  /** The option that bounds the phase; a phase with the limit of the one before goes on with its time. */
  readonly limit: 'handshakeTimeoutMs' | 'closeTimeoutMs' | undefined;
  readonly next: { readonly [step in Step]?: EnginePhase };
}

/** All phases of a conversation, and all ways between them. */
export const PHASES: { readonly [name in EnginePhase]: Phase } = {
  handshaking: {
    name: 'handshaking',
    reads: 'handshake',
    talks: false,
    limit: 'handshakeTimeoutMs',
    next: { introduced: 'authenticating', agreed: 'ready', over: 'closed' },
  },
  authenticating: {
    name: 'authenticating',
    reads: 'none',
    talks: false,
    limit: 'handshakeTimeoutMs',
    next: { agreed: 'ready', over: 'closed' },
  },
  ready: {
    name: 'ready',
    reads: 'packets',
    talks: true,
    limit: undefined,
    next: { farewell: 'closing', over: 'closed' },
  },
  closing: {
    name: 'closing',
    reads: 'packets',
    talks: false,
    limit: 'closeTimeoutMs',
    next: { over: 'closed' },
  },
  closed: { name: 'closed', reads: 'none', talks: false, limit: undefined, next: {} },
};
