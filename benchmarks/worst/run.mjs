// What the most expensive payloads cost that the defaults of a server let in: `npm run bench:worst`, and the end of `npm run bench`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RAW, SHAPES } from './shapes.mjs';

const MEASURE = fileURLToPath(new URL('measure.mjs', import.meta.url));
const CODECS = ['protobuf', 'msgpack', 'json'];
export const MOST = { ms: 150, mb: 64 };

function run(args, input) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', MEASURE, ...args], {
    input,
    maxBuffer: 16_777_216,
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** One row for each codec and shape; the least of three in time, the most in memory. */
export function measureWorst(rounds = 3) {
  const rows = [];
  for (const codec of CODECS) {
    for (const shape of [...Object.keys(SHAPES), ...Object.keys(RAW[codec])]) {
      const bytes = run([codec, shape, 'make']);
      if (bytes.length === 0) continue;
      const runs = Array.from({ length: rounds }, () => JSON.parse(run([codec, shape], bytes)));
      rows.push({
        codec,
        shape,
        bytes: bytes.length,
        ms: Math.min(...runs.map(({ ms }) => ms)),
        mb: Math.max(...runs.map(({ mb }) => mb)),
        refused: runs[0].refused,
      });
    }
  }
  return rows;
}

export function printWorst(rows) {
  console.log(
    `\nThe most expensive packets that a server's defaults let in (at most ${MOST.ms} ms and ${MOST.mb} MB):\n`,
  );
  console.log('| codec | payload | kB | ms | MB | |\n|---|---|---|---|---|---|');
  for (const { codec, shape, bytes, ms, mb, refused } of rows) {
    const over = ms > MOST.ms || mb > MOST.mb ? ' **over**' : '';
    console.log(
      `| ${codec} | ${shape} | ${Math.round(bytes / 1_000)} | ${ms.toFixed(1)} | ${mb.toFixed(0)} | ${refused ? 'refused' : ''}${over} |`,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rows = measureWorst();
  printWorst(rows);
  if (rows.some(({ ms, mb }) => ms > MOST.ms || mb > MOST.mb)) process.exitCode = 1;
}
