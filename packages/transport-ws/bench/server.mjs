// One echo server in a process of its own: `bare` is ws alone, `link` our link, `cork` ws with a corked socket.
import { WebSocketServer } from 'ws';
import { wsListener } from '../dist/server.js';

const mode = process.argv[2];
const members = [];
let address;
if (mode === 'link') {
  const listening = await wsListener().listen('ws://127.0.0.1:0/', {
    onLink(link) {
      members.push(link);
      link.start({ onData: (unit) => link.send(unit), onDrain() {}, onClose() {} });
    },
  });
  address = listening.address;
} else {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (ws, request) => {
    members.push(ws);
    const { socket } = request;
    let corked = false;
    ws.on('message', (data) => {
      if (mode === 'cork' && !corked) {
        corked = true;
        socket.cork();
        process.nextTick(() => {
          corked = false;
          socket.uncork();
        });
      }
      ws.send(data);
    });
  });
  address = `ws://127.0.0.1:${server.address().port}/`;
}
process.send({ address });
process.on('message', (message) => {
  if (message === 'cpu') process.send({ cpu: process.cpuUsage(), rss: process.memoryUsage().rss });
  if (message === 'gc') {
    globalThis.gc?.();
    process.send({ rss: process.memoryUsage().rss });
  }
  if (message.broadcast) {
    const unit = new Uint8Array(message.broadcast);
    for (const member of members) member.send(unit);
  }
});
