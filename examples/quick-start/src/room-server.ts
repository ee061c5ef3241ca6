import { type ConnectionSet, createConnectionSet, createServer, type Server } from 'stmp';
import { RoomEvents, RoomService } from './generated/quick_start.js';

/** The whole server: rooms that people join and leave. A user's name is the address of the connection. */
export function createRoomServer(): Server {
  const rooms = new Map<string, ConnectionSet>();
  const server = createServer();

  const open = (name: string): ConnectionSet => {
    const room = createConnectionSet();
    // Sets drop closed connections by themselves; the others hear of it, and empty rooms vanish.
    room.onLeave = (gone) => room.emit(RoomEvents).exit({ user: gone.remoteAddress });
    room.onEmpty = () => rooms.delete(name);
    rooms.set(name, room);
    return room;
  };

  server.implement(RoomService, {
    join({ name }, { connection }) {
      const room = rooms.get(name) ?? open(name);
      if (room.add(connection)) room.except(connection).emit(RoomEvents).join({ user: connection.remoteAddress });
      return { name, users: [...room].map((user) => user.remoteAddress) };
    },
    exit({ name }, { connection }) {
      const room = rooms.get(name);
      if (room?.delete(connection)) room.emit(RoomEvents).exit({ user: connection.remoteAddress });
    },
  });
  return server;
}
