export interface KcpAddress {
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `kcp://host:port` or `kcps://host:port`; IPv6 addresses stand in brackets.
 * @throws TypeError naming what is wrong.
 */
export function parseKcpAddress(address: string): KcpAddress {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const secure = url?.protocol === 'kcps:';
  if (url === undefined || !(secure || url.protocol === 'kcp:') || !/^kcps?:\/\//i.test(address)) {
    throw new TypeError(`address must be kcp://host:port or kcps://host:port, got ${JSON.stringify(address)}`);
  }
  const more = (url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '';
  const host = decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  if (more || url.username !== '' || url.password !== '' || host === '' || url.port === '') {
    throw new TypeError(`address must have a host and a port and nothing else, got ${JSON.stringify(address)}`);
  }
  return { secure, host, port: Number(url.port) };
}

/** The other way round. */
export function formatKcpAddress(secure: boolean, host: string, port: number): string {
  return `${secure ? 'kcps' : 'kcp'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
