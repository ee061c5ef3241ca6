import type { LinkPeer } from '@stmp/contract';
import type { NodeDuplex } from './node-duplex.js';

/** The fields of `net.Socket` and `tls.TLSSocket` that say who is there. */
interface SocketFields extends NodeDuplex {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly authorized?: boolean;
  getPeerCertificate?(): object | null;
}

/** Reads from the socket when asked, and remembers: a closed socket no longer knows. */
class SocketPeer implements LinkPeer {
  readonly #socket: SocketFields;
  #localAddress: string | undefined;
  #localPort: number | undefined;
  #certificate: unknown;

  constructor(socket: SocketFields) {
    this.#socket = socket;
  }

  get address(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get port(): number | undefined {
    return this.#socket.remotePort;
  }

  get localAddress(): string | undefined {
    this.#localAddress ??= this.#socket.localAddress;
    return this.#localAddress;
  }

  get localPort(): number | undefined {
    this.#localPort ??= this.#socket.localPort;
    return this.#localPort;
  }

  get certificate(): unknown {
    if (this.#certificate === undefined) {
      const certificate = this.#socket.getPeerCertificate?.();
      // Node.js gives an empty object when there is none.
      if (certificate && Object.keys(certificate).length > 0) this.#certificate = certificate;
    }
    return this.#certificate;
  }

  get authorized(): boolean | undefined {
    return this.#socket.authorized;
  }
}

/** Makes a `net.Socket` remember its peer beyond its end, at the cost of one `getpeername`. */
export function rememberPeer(duplex: NodeDuplex): void {
  void (duplex as SocketFields).remoteAddress;
}

/** The peer of a socket, read lazily. Other duplexes have no such fields, and so does their peer. */
export function socketPeer(duplex: NodeDuplex): LinkPeer {
  return new SocketPeer(duplex as SocketFields);
}
