import { Status, StmpError } from '@stmp/contract';
import { printable } from '../printable.js';
import type { Shared } from '../shared.js';
import type { Connection, DroppedEvent } from '../types.js';
import type { CallContext } from './call-context.js';

/** An event has come that may not wait: as the option says, the connection ends or the event is dropped. */
export function inboxOverflowed(
  connection: Connection & { readonly shared: Shared; readonly inputEnded: boolean; fail(error: StmpError): void },
  context: CallContext,
): void {
  const { inboxOverflow, maxInboxBytes } = connection.shared.options;
  if (inboxOverflow === 'drop' || connection.inputEnded) {
    tellDropped(connection, context.name, context.method.action, 'inbox');
    return;
  }
  connection.shared.counters.overloaded++;
  connection.fail(
    new StmpError('too_large', `more than ${maxInboxBytes} bytes of events wait for handlers (maxInboxBytes)`, {
      status: Status.TooManyRequests,
    }),
  );
}

/** Says that an event of the peer is handed to nobody. */
export function tellDropped(
  connection: Connection & { readonly shared: Shared },
  name: string | undefined,
  action: DroppedEvent['action'],
  reason: DroppedEvent['reason'],
): void {
  const { shared } = connection;
  if (reason !== 'leaving') shared.counters.overloaded++;
  const { onEventDropped } = shared.options.hooks;
  if (onEventDropped !== undefined)
    shared.guard('onEventDropped', connection, () =>
      onEventDropped({
        connection,
        name,
        action: typeof action === 'string' ? printable(action) : action,
        reason,
      }),
    );
}
