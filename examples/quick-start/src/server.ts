// The server on its own: npm run quick-start:server
import { drainOnSignals } from 'stmp';
import { createRoomServer } from './room-server.js';

const addresses = process.argv.slice(2);
const server = createRoomServer();
for (const address of addresses.length > 0 ? addresses : ['tcp://127.0.0.1:5001', 'ws://127.0.0.1:5002/quick_start']) {
  console.log(`listening on ${(await server.listen(address)).address}`);
}
server.onConnection((connection) => {
  console.log(`${connection.remoteAddress} connected, ${connection.contentType}`);
  connection.onClose(({ message }) => console.log(`${connection.remoteAddress} left: ${message}`));
});
drainOnSignals(server, { withinMs: 1_000 });
