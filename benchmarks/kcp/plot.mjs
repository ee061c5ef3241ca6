// node benchmarks/kcp/plot.mjs: draws results.json as results.svg, and puts the table into README.md.
import { readFileSync, writeFileSync } from 'node:fs';

const at = (file) => new URL(file, import.meta.url);
const { network, cpu } = JSON.parse(readFileSync(at('results.json'), 'utf8'));
const conditions = Object.values(network);
const KINDS = ['tcp', 'upstream', 'normal', 'fast'];
const NAMES = { tcp: 'tcp', upstream: 'kcp upstream', normal: 'kcp normal', fast: 'kcp fast' };
const COLORS = { tcp: '#8a8f98', upstream: '#b7c9e2', normal: '#6f9bd1', fast: '#1f5fa8' };
const INK = '#1c2430';
const QUIET = '#6a7280';

const BAR = 14;
const GROUP = KINDS.length * BAR + 26;
const LEFT = 64;
const WIDTH = LEFT + conditions.length * GROUP + 16;
const PANEL = 190;
const TOPS = [78, 78 + PANEL + 62];
const HEIGHT = TOPS[1] + PANEL + 62;

const parts = [];
const text = (x, y, content, { size = 11, anchor = 'middle', color = INK, weight = 400 } = {}) =>
  parts.push(
    `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${color}" font-weight="${weight}">${content}</text>`,
  );

/** A panel of bars, with a logarithmic scale from 10 ** low to 10 ** high. */
function panel(top, title, [low, high], figure, label) {
  const y = (value) => {
    const part = (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low);
    return top + PANEL * (1 - Math.min(1, part));
  };
  text(LEFT, top - 12, title, { size: 13, anchor: 'start', weight: 600 });
  for (let power = low; power <= high; power++) {
    const line = y(10 ** power);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - 16}" y1="${line}" y2="${line}" stroke="#e3e6ea"/>`);
    text(LEFT - 8, line + 4, 10 ** power, { anchor: 'end', color: QUIET });
  }
  conditions.forEach((condition, index) => {
    const left = LEFT + index * GROUP + 13;
    KINDS.forEach((kind, place) => {
      const value = figure(condition.kinds[kind]);
      const [x, bar] = [left + place * BAR, y(value)];
      parts.push(
        `<rect x="${x}" y="${bar.toFixed(1)}" width="${BAR - 2}" height="${(top + PANEL - bar).toFixed(1)}" fill="${COLORS[kind]}"><title>${NAMES[kind]}, ${condition.title}: ${label(value)}</title></rect>`,
      );
    });
    const [rate, loss, burst] = condition.title.split(', ');
    const middle = left + (KINDS.length * BAR) / 2 - 1;
    text(middle, top + PANEL + 16, loss, { color: INK });
    text(middle, top + PANEL + 30, burst === undefined ? rate : `${rate}, bursts`, { size: 9, color: QUIET });
  });
}

text(LEFT, 24, 'Small calls and bulk data, 20 ms round trip', { size: 16, anchor: 'start', weight: 700 });
KINDS.forEach((kind, index) => {
  const x = LEFT + index * 120;
  parts.push(`<rect x="${x}" y="36" width="11" height="11" fill="${COLORS[kind]}"/>`);
  text(x + 17, 46, NAMES[kind], { anchor: 'start' });
});
panel(
  TOPS[0],
  'p99 of a small call, ms (less is better)',
  [1, 3],
  ({ p99Ms }) => p99Ms,
  (ms) => `${ms.toFixed(0)} ms`,
);
panel(
  TOPS[1],
  'goodput, kB/s (more is better)',
  [1, 4],
  ({ bytesPerSecond }) => bytesPerSecond / 1000,
  (kb) => `${kb.toFixed(0)} kB/s`,
);
writeFileSync(
  at('results.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif">\n<rect width="100%" height="100%" fill="#ffffff"/>\n${parts.join('\n')}\n</svg>\n`,
);

const row = (cells) => `| ${cells.join(' | ')} |`;
const cell = ({ p50Ms, p99Ms, bytesPerSecond }) =>
  `${p50Ms.toFixed(0)} / ${p99Ms.toFixed(0)} / ${(bytesPerSecond / 1000).toFixed(0)}`;
const table = [
  row(['p50 ms / p99 ms / goodput kB/s', ...KINDS.map((kind) => NAMES[kind]), 'p99 of fast to tcp']),
  row(['---', ...KINDS.map(() => '--:'), '--:']),
  ...conditions.map(({ title, kinds }) =>
    row([title, ...KINDS.map((kind) => cell(kinds[kind])), kinds.fast.p99ToTcp.toFixed(2)]),
  ),
  row(['server CPU of a small call, without loss', ...KINDS.map((kind) => `${cpu[kind].toTcp.toFixed(1)} x`), '']),
].join('\n');
const readme = readFileSync(at('README.md'), 'utf8');
const BEGIN = '<!-- table -->\n';
const [head, rest] = readme.split(BEGIN, 2);
writeFileSync(at('README.md'), `${head}${BEGIN}${table}\n<!-- end -->\n${rest.split('<!-- end -->\n', 2)[1]}`);
