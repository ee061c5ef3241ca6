import { Status, statusName } from '@stmp/contract';
import { isThenable, textOf } from '../thrown.js';
import { answerReply, answerValue } from './answer.js';
import type { CallContext } from './call-context.js';
import type { AnsweringHost } from './host.js';
import { errorReply, type Reply } from './middleware.js';

/** The places of running handlers. */
export interface Places {
  /** False once the connection has ended: nothing new begins. */
  readonly open: boolean;
  /** Takes a place: for what does not end before it returns. */
  enter(context: CallContext): void;
  /** Gives it back. {@link next} follows. */
  exit(context: CallContext): void;
  /** Fills the places that are free. */
  next(): void;
}

/** Runs what belongs to a packet: middleware, the handler, its answer, then listeners. */
export function runHandler(host: AnsweringHost, places: Places, context: CallContext): void {
  if (host.shared.router.middleware.length > 0) {
    places.enter(context);
    throughMiddleware(host, context).then(
      (reply) => settle(host, places, context, reply),
      (error: unknown) => settle(host, places, context, failed(host, context, error)),
    );
    return;
  }
  let message: unknown;
  try {
    message = context.input();
  } catch (error) {
    answerReply(host, context, failed(host, context, error));
    return;
  }
  context.release();
  context.reached = true;
  const { handler, listeners } = context.route;
  if (handler !== undefined) {
    let result: unknown;
    let later: Promise<unknown> | undefined;
    let failure: Reply | undefined;
    try {
      result = handler(message, context);
      if (isThenable(result)) later = Promise.resolve(result);
    } catch (error) {
      failure = failed(host, context, error);
    }
    if (later !== undefined) {
      places.enter(context);
      later.then(
        (value) => settleValue(host, places, context, value),
        (error: unknown) => settle(host, places, context, failed(host, context, error)),
      );
      return;
    }
    if (failure === undefined) answerValue(host, context, result);
    else answerReply(host, context, failure);
  }
  context.finish();
  if (listeners.length > 0) listen(host, places, context, message);
}

async function throughMiddleware(host: AnsweringHost, context: CallContext): Promise<Reply> {
  const { middleware } = host.shared.router;
  const step = async (index: number): Promise<Reply> => {
    const layer = middleware[index];
    if (layer !== undefined) {
      try {
        let inner: Promise<Reply> | undefined;
        return await layer(context, () => {
          // A second call gets the same reply: nothing runs twice.
          inner ??= step(index + 1);
          return inner;
        });
      } catch (error) {
        return failed(host, context, error);
      }
    }
    const { handler } = context.route;
    context.reached = true;
    let message: unknown;
    try {
      message = context.input();
    } catch (error) {
      return failed(host, context, error);
    }
    if (handler === undefined) return { status: Status.Ok };
    try {
      return { status: Status.Ok, value: await handler(message, context) };
    } catch (error) {
      return failed(host, context, error);
    }
  };
  return step(0);
}

function failed(host: AnsweringHost, context: CallContext, error: unknown): Reply {
  const reply = errorReply(error);
  if (reply.error === undefined) {
    host.shared.report(error, context.name, host);
    if (host.shared.options.exposeErrors) {
      return { status: reply.status, payload: textOf(error) || statusName(reply.status) };
    }
  }
  return reply;
}

/** Listeners come last, after the answer. One that is asynchronous counts as running. */
function listen(host: AnsweringHost, places: Places, context: CallContext, message: unknown): void {
  const { shared } = host;
  let waiting = 0;
  for (const listener of context.route.listeners) {
    try {
      const result = listener(message, context);
      if (isThenable(result)) {
        waiting++;
        const ended = (): void => {
          if (--waiting > 0) return;
          places.exit(context);
          places.next();
        };
        // Through a promise, since other thenables may call back at once.
        Promise.resolve(result).then(ended, (error: unknown) => {
          shared.report(error, context.name, host);
          ended();
        });
      }
    } catch (error) {
      shared.report(error, context.name, host);
    }
  }
  if (waiting > 0) places.enter(context);
}

function settleValue(host: AnsweringHost, places: Places, context: CallContext, value: unknown): void {
  if (!context.done) answerValue(host, context, value);
  afterwards(host, places, context);
}

function settle(host: AnsweringHost, places: Places, context: CallContext, reply: Reply): void {
  if (!context.done) answerReply(host, context, reply);
  afterwards(host, places, context);
}

/** A handler has ended: its place goes to the listeners, if they want it, else to the next in the inbox. */
function afterwards(host: AnsweringHost, places: Places, context: CallContext): void {
  places.exit(context);
  if (context.reached && context.route.listeners.length > 0 && places.open) {
    let message: unknown;
    try {
      message = context.input();
      listen(host, places, context, message);
    } catch {
      // The payload was refused already.
    }
  }
  places.next();
}
