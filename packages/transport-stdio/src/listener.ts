import { Socket } from 'node:net';
import { type Acceptor, type Listener, type Listening, StmpError } from '@stmp/contract';
import { Pipes, pipeLink, type StdioLinkOptions } from './pipes.js';

let isTaken = false;

/**
 * Listens on `stdio:`: serves the process that has started this one, over standard input and output. There is one link,
 * for the life of the process. From then on `process.stdout`, and with it `console.log`, leads to standard error.
 */
export function stdioListener(options: StdioLinkOptions = {}): Listener<StdioLinkOptions> {
  return {
    schemes: ['stdio'],
    async listen(address: string, acceptor: Acceptor, more: StdioLinkOptions = {}): Promise<Listening> {
      if (!/^stdio:(\/\/)?$/i.test(address))
        throw new TypeError(`address must be stdio:, got ${JSON.stringify(address)}`);
      if (isTaken) throw new StmpError('listen_failed', 'cannot listen on stdio: it was listened on before');
      const { highWaterBytes } = { ...options, ...more };
      let pipes: Pipes;
      try {
        // Not those of `process`: writing there may block.
        pipes = new Pipes(
          new Socket({ fd: 0, readable: true, writable: false }),
          new Socket({ fd: 1, readable: false, writable: true }),
        );
      } catch (cause) {
        throw new StmpError('listen_failed', 'cannot listen on stdio: input and output must be pipes', { cause });
      }
      const link = pipeLink(pipes, { highWaterBytes, peer: { address: 'stdio', port: process.ppid } });
      isTaken = true;
      Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => process.stderr });
      let isOpen = true;
      setImmediate(() => {
        if (isOpen) acceptor.onLink(link);
        else void link.close();
      });
      return {
        address: 'stdio:',
        async close(): Promise<void> {
          isOpen = false;
        },
      };
    },
  };
}
