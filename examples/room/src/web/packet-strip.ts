import { statusName } from 'stmp';
import { byId, make, setText } from './dom.js';
import { count, preciseTimeOf } from './format.js';
import type { PacketView } from './packet-reader.js';
import { Sticky } from './sticky.js';

/** As many are kept to look at. */
const MAX_PACKETS = 100;

const KIND_TITLES: Readonly<Record<PacketView['kind'], string>> = {
  hello: 'Hello',
  welcome: 'Welcome',
  ping: 'Ping',
  pong: 'Pong',
  request: 'Request',
  notify: 'Notify',
  response: 'Response',
  close: 'Close',
  broken: 'Broken',
};

/** The panel with the last packets. What an entry holds inside is made when it is opened. */
export class PacketStrip {
  readonly #list = byId<HTMLOListElement>('packet-list');
  readonly #panel = byId('packets');
  readonly #sub = byId('packets-sub');
  readonly #pause = byId<HTMLButtonElement>('packets-pause');
  readonly #sticky = new Sticky(byId('packets-scroll'));
  #wire = '';
  #paused = false;
  #seen = 0;
  #skipped = 0;

  constructor() {
    this.#pause.addEventListener('click', () => this.#setPaused(!this.#paused));
    byId('packets-clear').addEventListener('click', () => this.clear());
  }

  set wire(label: string) {
    this.#wire = label;
    this.#update();
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#seen = this.#skipped = 0;
    this.#sticky.toEnd();
    this.#update();
  }

  /** Shown, or hidden. */
  shown(on: boolean): void {
    this.#panel.hidden = !on;
    if (on) this.#sticky.toEnd();
  }

  add(packet: PacketView): void {
    this.#seen++;
    if (this.#paused) this.#skipped++;
    else {
      this.#list.append(entry(packet, () => this.#sticky.hold()));
      while (this.#list.childElementCount > MAX_PACKETS) this.#list.firstElementChild!.remove();
      if (!this.#panel.hidden) this.#sticky.follow();
    }
    this.#update();
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#skipped = 0;
    this.#pause.setAttribute('aria-pressed', String(paused));
    this.#update();
  }

  #update(): void {
    const skipped = this.#paused ? `${this.#skipped} not shown` : count(this.#seen, 'packet');
    setText(this.#sub, this.#wire === '' ? skipped : `${this.#wire} · ${skipped}`);
    byId('packets-empty').hidden = this.#list.childElementCount > 0;
  }
}

function entry(packet: PacketView, onOpen: () => void): HTMLLIElement {
  const { way, kind, method, mid, status, size } = packet;
  const failed = kind === 'broken' || (status !== undefined && status !== 0);
  const what = make('span', 'what', make('span', 'kind', KIND_TITLES[kind]), method === undefined ? '' : ` ${method}`);
  const line = make('span', 'brief');
  if (mid !== undefined) line.append(make('span', 'fact', `#${mid}`));
  if (status !== undefined) line.append(make('span', failed ? 'fact bad' : 'fact', statusName(status)));
  line.append(make('code', '', brief(packet)));
  const arrow = make('span', 'way', make('span', 'sr', way === 'out' ? 'sent' : 'received'));
  arrow.append(make('span', '', way === 'out' ? '↑' : '↓'));
  arrow.lastElementChild!.setAttribute('aria-hidden', 'true');
  const summary = make('summary', '', arrow, what, make('span', 'facts', `${size} B`), line);
  const details = make('details', '', summary);
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    onOpen();
    if (details.childElementCount === 1) details.append(inside(packet));
    details.scrollIntoView({ block: 'nearest' });
  });
  return make('li', `packet ${way}`, details);
}

function brief({ kind, payload, headers, details }: PacketView): string {
  if (payload !== undefined) return details === undefined ? payload : `${payload} ${details}`;
  if (kind === 'hello' || kind === 'welcome') return headers.map(([name, value]) => `${name}: ${value}`).join(', ');
  return kind === 'ping' || kind === 'pong' ? '' : 'no payload';
}

function inside(packet: PacketView): HTMLElement {
  const { atMs, parts, headers, payload, details } = packet;
  const box = make('div', 'inside');
  if (payload !== undefined) box.append(block('Payload', pretty(payload)));
  if (details !== undefined) box.append(block('Error details', pretty(details)));
  if (headers.length > 0) {
    box.append(block('Headers', headers.map(([name, value]) => `${name}: ${value}`).join('\n')));
  }
  if (parts.length > 0) {
    const rows = parts.map(({ name, raw, means }) => {
      const head = make('th', '', name);
      head.scope = 'row';
      return make('tr', `p-${name}`, head, make('td', '', make('code', '', raw), make('span', 'means', means)));
    });
    box.append(make('div', '', make('h3', '', 'On the wire'), make('table', 'parts', make('tbody', '', ...rows))));
  }
  box.append(make('p', 'facts', `at ${preciseTimeOf(atMs)}`));
  return box;
}

function block(title: string, text: string): HTMLElement {
  return make('div', '', make('h3', '', title), make('pre', '', text));
}

/** JSON with its lines broken; anything else as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
