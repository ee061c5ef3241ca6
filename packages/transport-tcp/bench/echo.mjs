// CPU of an echo over links beside bare sockets, in one process: `node bench/echo.mjs [rounds]`, after the build.
import { connect, createServer } from 'node:net';
import { tcpLink } from '../dist/index.js';

const CALLS = 20_000;
const rounds = Number(process.argv[2] ?? 5);
const unit = new Uint8Array(44).fill(1);

const raw = (socket, onData) => {
  socket.setNoDelay(true);
  socket.on('data', onData);
  return (bytes) => socket.write(bytes);
};
const linked = (socket, onData) => {
  const link = tcpLink(socket);
  link.start({ onData, onDrain() {}, onClose() {} });
  return (bytes) => link.send(bytes);
};

/** Sends and waits for the echo, one after the other; microseconds of CPU per call, both ends together. */
async function measure(wire) {
  const server = createServer((socket) => {
    const send = wire(socket, (chunk) => send(chunk));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect(server.address().port, '127.0.0.1');
  await new Promise((resolve) => socket.on('connect', resolve));
  let left = CALLS;
  const before = process.cpuUsage();
  await new Promise((resolve) => {
    const send = wire(socket, () => (--left > 0 ? send(unit) : resolve()));
    send(unit);
  });
  const { user, system } = process.cpuUsage(before);
  socket.destroy();
  server.close();
  return (user + system) / CALLS;
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1].toFixed(2);
const results = { net: [], link: [] };
for (let i = 0; i <= rounds; i++) {
  const net = await measure(raw);
  const link = await measure(linked);
  if (i > 0) {
    results.net.push(net);
    results.link.push(link);
  }
}
console.log(`net  ${median(results.net)} us CPU per echo, both ends`);
console.log(`link ${median(results.link)} us`);
