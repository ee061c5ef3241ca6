// Scripts for an engine of each kind: what arrives, and what its owner does meanwhile.
import { join } from '../mutator.mjs';

export async function create(load) {
  const engines = await load('engine');
  const { StmpError } = await load('contract');
  const { gzipCompression } = await load('compression-gzip', 'node');
  const {
    clientHandshake,
    serverHandshake,
    clientHeaders,
    createStreamEngine,
    createMessageEngine,
    EngineEvent,
    textPackets,
  } = engines;
  const inbound = engines.createInbound();
  const content = [
    { contentType: 'application/json', text: true },
    { contentType: 'application/protobuf', text: false },
  ];
  const compressions = [gzipCompression({ engine: 'zlib' })];
  const offer = { content: content.slice(0, 1), outOfBand: true };
  const limits = { maxPacketBytes: 300, maxHeaderBytes: 60, maxHandshakeBytes: 300 };
  const hello = (text) => clientHeaders({ ...offer, text: text ? textPackets() : undefined }, 'message');
  const KINDS = [
    { text: false, isClient: true, make: (o) => createStreamEngine({ ...o, handshake: clientHandshake({ content }) }) },
    {
      text: false,
      isClient: false,
      make: (o) => createStreamEngine({ ...o, handshake: serverHandshake({ content }) }),
    },
    {
      isClient: true,
      make: (o) => createStreamEngine({ ...o, handshake: clientHandshake({ content, compressions }) }),
    },
    {
      isClient: false,
      make: (o) => createStreamEngine({ ...o, handshake: serverHandshake({ content, compressions }) }),
    },
    { isClient: true, make: (o) => createMessageEngine({ ...o, handshake: clientHandshake(offer) }) },
    {
      isClient: false,
      make: (o) => createMessageEngine({ ...o, handshake: serverHandshake({ content, hello: hello(false) }) }),
    },
    {
      text: true,
      isClient: true,
      make: (o) => createMessageEngine({ ...o, handshake: clientHandshake({ ...offer, text: textPackets() }) }),
    },
    {
      text: true,
      isClient: false,
      make: (o) =>
        createMessageEngine({ ...o, handshake: serverHandshake({ content, text: textPackets(), hello: hello(true) }) }),
    },
  ];
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  class Owner {
    now = 0;
    closed = 0;
    ready = 0;
    serial = 0;
    open = new Set();
    requests = [];
    output = [];

    constructor(kind, options) {
      this.kind = kind;
      this.engine = kind.make({ ...options, nowMs: 0, closeTimeoutMs: 1000, handshakeTimeoutMs: 10_000 });
    }

    poll() {
      const { engine } = this;
      for (let turns = 0; ; turns++) {
        if (turns > 10_000) throw new Error('poll does not end');
        const event = engine.poll(inbound);
        if (event === EngineEvent.None) return;
        if (this.closed > 0) throw new Error(`event ${event} after the end`);
        if (event === EngineEvent.Ready) this.ready++;
        else if (event === EngineEvent.Closed) this.closed++;
        else if (event === EngineEvent.Hello) this.wantsAnswer = true;
        else if (event === EngineEvent.Request) this.requests.push(inbound.mid);
        else if (event === EngineEvent.Response || event === EngineEvent.Expired) {
          if (!this.open.delete(inbound.token)) throw new Error('a call that is settled already, or never was');
        }
        if (event === EngineEvent.Request || event === EngineEvent.Notify || event === EngineEvent.Response) {
          const length = inbound.text === undefined ? inbound.bytes.length : inbound.text.length;
          const { start, end, headerStart, headerEnd } = inbound;
          if (end > length || (end >= 0 && start > end))
            throw new Error(`event ${event}: a payload from ${start} to ${end}, in ${length}`);
          if (headerEnd > length || (headerEnd >= 0 && headerStart > headerEnd))
            throw new Error(`event ${event}: headers from ${headerStart} to ${headerEnd}, in ${length}`);
        }
      }
    }

    take(maxBytes) {
      for (;;) {
        const unit = this.engine.takeOutput(maxBytes);
        if (unit === undefined) return;
        if (unit.length === 0) throw new Error('an empty unit');
        this.output.push(unit);
      }
    }

    feed(bytes) {
      const unit = this.kind.text === true ? utf8.decode(bytes) : bytes;
      this.engine.receive(unit, this.now);
      this.poll();
    }

    act(step, value) {
      const { engine } = this;
      if (this.wantsAnswer) {
        this.wantsAnswer = false;
        engine.answerHello(step === 15 ? { status: 0x21 } : {}, this.now);
      }
      if (step === 1) {
        const token = this.serial + 1;
        const timeout = value & 1 ? 50 : 0;
        const payload = value & 4 ? '{}' : Uint8Array.of(1, 2);
        const headers = value & 2 ? [['k', 'v']] : undefined;
        const mid = engine.call(token, value & 8 ? 'a.B' : 0x101, headers, payload, this.now, timeout);
        if (mid !== 0) {
          if (mid !== token) throw new Error('an id out of turn');
          this.open.add(token);
          this.serial++;
        }
      } else if (step === 2) {
        const before = engine.pendingCalls;
        engine.abandon(value & 7);
        if (engine.pendingCalls < before) this.open.delete(value & 7);
      } else if (step === 3) {
        const ticket = engine.notify(7, [['a', 'b']], value & 1 ? 'x' : undefined);
        if (value & 2) engine.drop(ticket);
      } else if (step === 4) engine.hold = !engine.hold;
      else if (step === 5) engine.setPaused((value & 1) === 0, this.now);
      else if (step === 6) engine.close(value & 0x43, 'bye', this.now);
      else if (step === 7) engine.fail(new StmpError('too_large', 'x', { status: 0x25 }));
      else if (step === 8) {
        const mid = this.requests.pop();
        if (mid !== undefined) engine.respond(mid, value & 3, undefined, value & 4 ? '{}' : undefined);
      } else if (step === 9) engine.askToDrain();
      else if (step === 10) engine.receiveEnd(this.now);
      else if (step >= 11 && step <= 13) {
        this.now += value << (4 * (step - 11));
        engine.tick(this.now);
      }
      this.poll();
      if (step !== 14) this.take(1 + value * 4);
    }

    finish() {
      const { engine } = this;
      engine.setPaused(false, this.now);
      this.poll();
      // Silence: it must come to an end by itself.
      for (let turns = 0; engine.phase !== 'closed'; turns++) {
        if (turns > 1000) throw new Error('it does not end');
        if (this.wantsAnswer) this.act(0, 0);
        this.take(1000);
        this.now = Math.max(this.now + 1, Math.min(engine.deadlineMs, this.now + 100_000));
        engine.tick(this.now);
        this.poll();
      }
      this.take(1000);
      this.poll();
      if (this.closed !== 1 || this.ready > 1) throw new Error(`closed ${this.closed}, ready ${this.ready} times`);
      if (engine.ending === undefined || engine.deadlineMs !== Number.POSITIVE_INFINITY)
        throw new Error('not quite ended');
      if (engine.outputBytes !== 0 || engine.hasInput) throw new Error('something is left');
      for (const token of engine.takePending()) if (!this.open.delete(token)) throw new Error('told twice');
      if (this.open.size > 0 || engine.pendingCalls !== 0) throw new Error('a call is lost');
    }
  }

  /** A byte for the kind, then steps: a byte whose low bits say what to do, a value, and with bit 4 so many bytes arrive. */
  function run(bytes) {
    const first = bytes[0] ?? 0;
    const owner = new Owner(KINDS[first & 7], first & 16 ? limits : {});
    owner.poll();
    for (let at = 1; at < bytes.length; ) {
      const step = bytes[at];
      const value = bytes[at + 1] ?? 0;
      at += 2;
      if (step & 16) {
        const length = (bytes[at] ?? 0) | (step & 32 ? 256 : 0);
        owner.feed(bytes.slice(at + 1, at + 1 + length));
        at += 1 + length;
      }
      owner.act(step & 15, value);
    }
    owner.finish();
    return owner.ready === 1;
  }

  /** What one end of a real conversation goes through. */
  function recorded(index) {
    const pair = [new Owner(KINDS[index], {}), new Owner(KINDS[index ^ 1], {})];
    const script = [[index]];
    const act = (which, step, value) => {
      if (which === 0) script.push([step, value]);
      pair[which].act(step, value);
    };
    const plan = [
      [0, 1, 0],
      [1, 1, 7],
      [0, 8, 4],
      [1, 8, 1],
      [1, 3, 1],
      [0, 3, 0],
      [1, 1, 12],
      [0, 11, 20],
      [0, 8, 2],
      [0, 9, 0],
      [1, 9, 0],
      [1, 1, 1],
      [1, 2, 3],
      [0, 13, 200],
      [1, 13, 200],
      [1, 6, 0],
    ];
    for (const [which, step, value] of [[0, 0, 0], [1, 0, 0], [0, 0, 0], ...plan, [0, 0, 0], [1, 0, 0]]) {
      pair[which].poll();
      act(which, step, value);
      for (const end of pair) end.take(1000);
      for (let round = 0; round < 3; round++) {
        for (const unit of pair[1].output.splice(0)) {
          const bytes = typeof unit === 'string' ? new TextEncoder().encode(unit) : unit;
          script.push([0x10 | (bytes.length > 255 ? 0x20 : 0), 200, bytes.length & 255], bytes);
          pair[0].feed(bytes);
          pair[0].act(0, 200);
        }
        for (const unit of pair[0].output.splice(0)) {
          pair[1].feed(typeof unit === 'string' ? new TextEncoder().encode(unit) : unit);
          pair[1].act(0, 200);
        }
      }
    }
    if (pair[0].ready !== 1 || pair[0].closed !== 1) throw new Error(`the seed ${index} went wrong`);
    return join(...script.map((part) => Uint8Array.from(part)));
  }

  const text = (part) => new TextEncoder().encode(part);
  return {
    run,
    maxBytes: 1500,
    seeds: KINDS.map((_, index) => recorded(index)),
    tokens: [
      ...['Q1:101\nP{}', 'N7\nHa:b\nPx', 'S1:0\nP{}', 'S2:22', 'C0\nPbye', 'I', 'O', 'Accept:application/json'].map(
        text,
      ),
      ...['Stmp-Extensions:drain,cancel', 'Packet-Format:text', 'STMP', ';', ':'].map(text),
      ...[[0x80], [0x90], [0xa8, 1, 0, 0x81, 2, 2, 0x7b, 0x7d], [0xb0, 1], [0xb8, 2, 2, 1, 0], [0xb8, 7, 1, 0x78]].map(
        (part) => Uint8Array.from(part),
      ),
      ...[
        [0xc8, 1, 0, 0, 2, 0x7b, 0x7d],
        [0xc0, 2, 0, 0x22],
        [0xd8, 0, 3, 0x62, 0x79, 0x65],
        [0xb2, 3, 0x61, 0x2e, 0x62],
      ].map((part) => Uint8Array.from(part)),
      ...[
        [0x10, 200, 1],
        [1, 0],
        [1, 9],
        [8, 4],
        [13, 255],
        [10, 0],
        [6, 0],
        [4, 0],
        [3, 2],
      ].map((part) => Uint8Array.from(part)),
    ],
  };
}
