export interface TcpAddress {
  readonly secure: boolean;
  /** Without brackets; empty when the address names the scheme only. */
  readonly host: string;
  /** Undefined when not given. */
  readonly port: number | undefined;
}

/**
 * Reads `tcp://host:port` or `tls://host:port`; IPv6 addresses stand in brackets.
 * @throws TypeError naming what is wrong.
 */
export function parseTcpAddress(address: string): TcpAddress {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const secure = url?.protocol === 'tls:';
  if (url === undefined || !(secure || url.protocol === 'tcp:') || !address.slice(3).startsWith('://')) {
    throw new TypeError(`address must be tcp://host:port or tls://host:port, got ${JSON.stringify(address)}`);
  }
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new TypeError(`address must have a host and a port and nothing else, got ${JSON.stringify(address)}`);
  }
  const host = decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  return { secure, host, port: url.port === '' ? undefined : Number(url.port) };
}

/** The other way round. */
export function formatTcpAddress(secure: boolean, host: string, port: number): string {
  return `${secure ? 'tls' : 'tcp'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
