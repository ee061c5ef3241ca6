// The tests of the project `fast` are bytes and fake time. What needs more says so in the name of its file.
import childProcess, { ChildProcess } from 'node:child_process';
import { Socket as Datagrams } from 'node:dgram';
import { syncBuiltinESMExports } from 'node:module';
import { Server, Socket } from 'node:net';

function forbid(owner: object, method: string, ending: string): void {
  Object.defineProperty(owner, method, {
    value: () => {
      throw new Error(`${method}: a test that does this is called *.${ending}.test.ts`);
    },
  });
}

forbid(Server.prototype, 'listen', 'sockets');
forbid(Socket.prototype, 'connect', 'sockets');
forbid(Datagrams.prototype, 'bind', 'sockets');
forbid(ChildProcess.prototype, 'spawn', 'slow');
for (const method of ['spawnSync', 'execFileSync', 'execSync']) forbid(childProcess, method, 'slow');
syncBuiltinESMExports();
