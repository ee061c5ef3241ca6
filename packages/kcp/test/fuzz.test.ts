import { createKcp, openingConv } from '@stmp/kcp';
import { seeded } from 'test-kit';
import { expect, it } from 'vitest';
import { CONV, wire } from './wire.js';

const RUNS = Number(process.env.STMP_KCP_FUZZ ?? 100_000);

it(`mutated datagrams neither crash nor grow a session, ${RUNS} of them`, { timeout: 3_600_000 }, () => {
  const random = seeded(20_000);
  const upTo = (n: number): number => Math.floor(random() * n);
  const edges = [0, 1, 2, 31, 32, 127, 128, 254, 255];
  let now = 0;
  let sent = 0;
  let made = 0;
  let session = fresh();
  function fresh(): ReturnType<typeof createKcp> {
    made++;
    const kcp = createKcp({
      conv: CONV,
      limitUntilProven: made % 2 === 0,
      firstSent: made % 3 === 0 ? 0xfffffff0 : 0,
      resend: made % 4,
      congestionWindow: made % 5 > 2,
      receiveWindow: 32,
      output: (bytes) => {
        sent++;
        if (bytes.length > 1400) throw new Error('a datagram above the mtu');
      },
    });
    kcp.send(new Uint8Array(5000));
    return kcp;
  }
  for (let run = 0; run < RUNS; run++) {
    const first = made % 3 === 0 ? 0xfffffff0 : 0;
    const segments = Array.from({ length: 1 + upTo(3) }, () => ({
      cmd: (['push', 'push', 'ack', 'ask', 'tell'] as const)[upTo(5)] as 'push',
      frg: upTo(3) === 0 ? upTo(256) : 0,
      wnd: upTo(40),
      ts: upTo(2) === 0 ? now : upTo(2 ** 32),
      sn: (upTo(4) === 0 ? upTo(2 ** 32) : first + upTo(70)) >>> 0,
      una: (upTo(8) === 0 ? upTo(2 ** 32) : first + upTo(3)) >>> 0,
      body: new Uint8Array(upTo(30)),
    }));
    const datagram = wire(...segments);
    for (let i = upTo(4); i > 0; i--) {
      datagram[upTo(datagram.length)] = random() < 0.5 ? (edges[upTo(edges.length)] as number) : upTo(256);
    }
    const cut = random() < 0.2 ? datagram.subarray(0, upTo(datagram.length + 1)) : datagram;
    openingConv(cut, 32);
    now += upTo(20);
    session.input(cut, now);
    if (random() < 0.3) session.read();
    if (random() < 0.02) session.send(new Uint8Array(upTo(3000)));
    if (random() < 0.5) session.update(now);
    if (session.failure !== undefined || random() < 0.001) session = fresh();
    if (session.pendingBytes < 0 || session.unsentBytes < 0 || Number.isNaN(session.deadlineMs)) {
      throw new Error(`run ${run}: the counts are wrong`);
    }
  }
  expect(made).toBeGreaterThan(RUNS / 5000);
  expect(sent).toBeGreaterThan(RUNS / 100);
});
