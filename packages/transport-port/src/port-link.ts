import type { MessageLink } from '@stmp/contract';
import { type MessageEnd, type MessageLinkOptions, messageLink } from '@stmp/link-message';
import { onMessage, type PortLike } from './port.js';

export type PortLinkOptions = Pick<MessageLinkOptions, 'highWaterBytes' | 'windowBytes' | 'maxUnitBytes'>;

let links = 0;

/** An end over an open port. `onClosed` is called when the port is let go. */
export function portEnd(port: PortLike, options: MessageLinkOptions, onClosed?: () => void): MessageEnd {
  const stop = onMessage(port, (data) => end.receive(data));
  const end = messageLink(
    {
      post(message) {
        if (typeof message === 'string') {
          port.postMessage(message, []);
        } else {
          // One copy, of the view alone: a clone would take the whole array below it.
          const copy = message.slice();
          port.postMessage(copy, [copy.buffer]);
        }
      },
      close() {
        stop();
        port.close();
        onClosed?.();
      },
    },
    { ...options, peer: { address: 'port', port: ++links } },
  );
  port.addEventListener?.('close', () => end.lost());
  port.addEventListener?.('messageerror', () => end.lost());
  return end;
}

/** A link over one end of a `MessageChannel`, whose other end becomes such a link, too. The port belongs to it from here on. */
export function portLink(port: PortLike, options: PortLinkOptions = {}): MessageLink {
  return portEnd(port, options).link;
}
