// One run through netlab, and what its log says of it.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PORT = 7000;

/** Why netlab cannot run here; undefined when it can. */
export function obstacle() {
  if (process.getuid?.() !== 0) return 'it needs root';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    return 'there is no /dev/net/tun';
  }
  return undefined;
}

/** Runs server and client behind a network; gives the client's results, with netlab's own part in each. */
export async function throughNetwork(weather, plan) {
  const folder = mkdtempSync(join(tmpdir(), 'stmp-netlab-'));
  const log = join(folder, 'log');
  const settings = Object.entries(weather).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = [process.execPath, at('server.mjs'), '10.77.0.1', String(PORT)];
  const client = [
    process.execPath,
    at('client.mjs'),
    JSON.stringify({ ...plan, host: '10.77.0.1', port: PORT, patienceMs: 1500 }),
  ];
  try {
    const child = spawn(
      at('../../tools/netlab'),
      // Other programs on the machine would show as a bad network.
      ['--quiet', '--nice', '-15', '--log', log, ...settings, '--', ...server, ':::', ...client],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) throw new Error(`netlab ended with ${code}`);
    const notes = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    return JSON.parse(out).map((result) => ({
      ...result,
      latencyNetwork: within(notes, result.latencySpan),
      goodputNetwork: within(notes, result.goodputSpan),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Share of a core that netlab used in a span of time, packets it carried, and how late the latest of them was. */
function within(notes, [from, to]) {
  const inside = notes.filter(([time]) => time >= from && time <= to);
  const first = inside[0];
  const last = inside.at(-1);
  if (first === undefined || last[0] === first[0]) throw new Error('netlab was not heard of');
  return {
    cpuShare: (last[1] - first[1]) / (last[0] - first[0]),
    packets: last[2] - first[2],
    lost: last[3] - first[3],
    overflowed: last[4] - first[4],
    lateMs: Math.max(...inside.map((note) => note[5])),
  };
}
