// A link over a socket as one writes it at first: it hands everything to socket.write, and the platform merges.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { StmpError } from '@stmp/contract';
import { duplexLink } from '@stmp/link-duplex';

function naiveLink(socket) {
  const link = duplexLink(socket);
  return new Proxy(link, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'send') return typeof value === 'function' ? value.bind(target) : value;
      return (unit) => {
        if (socket.writableEnded || socket.destroyed) throw new StmpError('link_closed', 'the link is closed');
        return socket.write(unit);
      };
    },
  });
}

export const transport = {
  kind: 'stream',
  async open() {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect({ port: server.address().port, host: '127.0.0.1', allowHalfOpen: true });
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')]);
    return {
      a: naiveLink(socket),
      b: naiveLink(accepted),
      async close() {
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
};
