/** The eight groups of an IPv6 address. */
type Groups = readonly number[];

function ipv4Groups(text: string): [number, number] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return [(bytes[0]! << 8) | bytes[1]!, (bytes[2]! << 8) | bytes[3]!];
}

/** The groups on one side of the `::`. A dotted IPv4 address may stand for the last two of all. */
function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && at === parts.length - 1 ? ipv4Groups(part) : undefined;
    if (ipv4 !== undefined) groups.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function ipv6Groups(text: string): Groups | undefined {
  if (!text.includes(':')) return undefined;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const left = groupsOf(head, tail === undefined);
  if (tail === undefined) return left?.length === 8 ? left : undefined;
  const right = groupsOf(tail, true);
  if (left === undefined || right === undefined || left.length + right.length > 7) return undefined;
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** An IP address, read. */
export interface IpAddress {
  /** As it came, without zone; IPv4 plain also when it came wrapped in IPv6. */
  readonly text: string;
  /** The same for all spellings of one address. */
  readonly canonical: string;
  /** What it is counted by: IPv4 as it is, IPv6 cut to its /64, which is what one customer gets. */
  readonly key: string;
}

/** Reads an IP address in any of its spellings; undefined for anything else. */
export function readIpAddress(text: string): IpAddress | undefined {
  const plain = text.split('%', 1)[0]!;
  const ipv4 = ipv4Groups(plain);
  const groups = ipv4 === undefined ? ipv6Groups(plain) : [0, 0, 0, 0, 0, 0xffff, ...ipv4];
  if (groups === undefined) return undefined;
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    const [high, low] = [groups[6]!, groups[7]!];
    const dotted = [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
    return { text: dotted, canonical: dotted, key: dotted };
  }
  const hex = groups.map((group) => group.toString(16));
  return { text: plain, canonical: hex.join(':'), key: `${hex.slice(0, 4).join(':')}::/64` };
}

/** An address with a port behind it, as proxies and `Forwarded` write it: `1.2.3.4:80`, `[2001:db8::1]:80`, `[2001:db8::1]`. */
export function readIpNode(text: string): IpAddress | undefined {
  const bracketed = /^\[([^\]]*)\](?::[\w.-]+)?$/.exec(text);
  if (bracketed !== null) return bracketed[1]!.includes(':') ? readIpAddress(bracketed[1]!) : undefined;
  const withPort = /^([\d.]+):[\w.-]+$/.exec(text);
  return readIpAddress(withPort === null ? text : withPort[1]!);
}
