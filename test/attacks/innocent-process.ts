// A client that means no harm, one call after the other: `node --import tsx innocent-process.ts <address>`. Asked, it tells
// how long its calls took since it was last asked.
import { connect } from '@stmp/connection';
import { jsonCodec } from '@stmp/payload-json';
import { tcpDialer } from '@stmp/transport-tcp';
import { AttackedService } from './service.js';

const client = await connect(process.argv[2]!, { codecs: [jsonCodec()], dialers: [tcpDialer()] });
const service = client.service(AttackedService);
let tookMs: number[] = [];
let failed = 0;

process.on('message', () => {
  const sorted = tookMs.sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  process.send?.({ calls: sorted.length, failed, p50: at(0.5), p99: at(0.99) });
  tookMs = [];
  failed = 0;
});
process.send?.({ ready: 'yes' });
for (let n = 0; ; n++) {
  const startMs = performance.now();
  try {
    await service.echo({ n });
    tookMs.push(performance.now() - startMs);
  } catch {
    failed++;
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}
