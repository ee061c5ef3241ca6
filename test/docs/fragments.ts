/** Names that fragments use without importing them. A program imports everything itself. */
export const FRAGMENT_GLOBALS = `
import type * as stmp from 'stmp';
import type * as quick from './generated/quick_start.js';

interface User {
  readonly name: string;
}
declare global {
  const defineService: typeof stmp.defineService;
  const method: typeof stmp.method;
  const createClient: typeof stmp.createClient;
  const createServer: typeof stmp.createServer;
  const connect: typeof stmp.connect;
  const statusError: typeof stmp.statusError;
  const isStmpError: typeof stmp.isStmpError;
  const details: typeof stmp.details;
  const forwardedAddress: typeof stmp.forwardedAddress;
  const exponentialBackoff: typeof stmp.exponentialBackoff;
  const drainOnSignals: typeof stmp.drainOnSignals;
  const UPSTREAM_BACKOFF: typeof stmp.UPSTREAM_BACKOFF;
  const UPSTREAM_KEEPALIVE: typeof stmp.UPSTREAM_KEEPALIVE;
  const Status: typeof stmp.Status;
  const RoomService: typeof quick.RoomService;
  const RoomEvents: typeof quick.RoomEvents;

  const url: string;
  const client: stmp.Client;
  const server: stmp.Server<User, undefined>;
  const connection: stmp.Connection<User, undefined>;
  const room: stmp.ConnectionSet<stmp.Connection<User, undefined>>;
  const logger: stmp.Logger;
  const signal: AbortSignal;
  const fetchToken: () => Promise<string>;
  const checkToken: (token: string | undefined) => Promise<User>;
}
`;
