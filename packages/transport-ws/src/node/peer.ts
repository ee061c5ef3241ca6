import type { Duplex } from 'node:stream';
import type { LinkHttpRequest, LinkPeer } from '@stmp/contract';
import type { UpgradeRecord } from './upgrade-record.js';

/** What is read of a `net.Socket` or `tls.TLSSocket`; a plain Duplex has none of it. */
interface AddressedSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly authorized?: boolean;
  getPeerCertificate?(): object | undefined;
}

class WsPeer implements LinkPeer {
  readonly #socket: AddressedSocket;
  readonly #record: UpgradeRecord | undefined;

  constructor(socket: AddressedSocket, record: UpgradeRecord | undefined) {
    this.#socket = socket;
    this.#record = record;
  }

  get address(): string | undefined {
    return this.#socket.remoteAddress;
  }
  get port(): number | undefined {
    return this.#socket.remotePort;
  }
  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }
  get localPort(): number | undefined {
    return this.#socket.localPort;
  }
  get certificate(): unknown {
    const certificate = this.#socket.getPeerCertificate?.();
    return certificate && Object.keys(certificate).length > 0 ? certificate : undefined;
  }
  get authorized(): boolean | undefined {
    return this.#socket.authorized;
  }
  get http(): LinkHttpRequest | undefined {
    return this.#record?.http;
  }
}

/** @param record of the upgrade request, on servers. */
export function peerOf(socket: Duplex, record: UpgradeRecord | undefined): LinkPeer {
  return new WsPeer(socket as AddressedSocket, record);
}

/** Makes the socket remember its peer beyond its end, at the cost of one `getpeername`. */
export function rememberPeer(socket: Duplex): void {
  void (socket as AddressedSocket).remoteAddress;
}
