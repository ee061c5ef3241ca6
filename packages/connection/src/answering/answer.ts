import { type Headers, type Payload, Status, statusName } from '@stmp/contract';
import { retryAfterHeader } from '@stmp/engine';
import { isTooLargeForPeer } from '../calls/peer-limit.js';
import { encodeDetails } from '../wire/details.js';
import { encodeResult } from '../wire/wire.js';
import type { CallContext } from './call-context.js';
import type { AnsweringHost } from './host.js';
import { checkReply, type Reply } from './middleware.js';
import { checkResult } from './result.js';

/** All that a peer is told of a failure that is not meant for it. */
const HIDDEN = statusName(Status.InternalServerError);

/** Answers a request that has come no further than its head, with the name of a status. */
export function answerStatus(host: AnsweringHost, mid: number, status: number): void {
  // Answers of handlers are bounded by the number of handlers, which started when there was room.
  if (host.mayQueue()) send(host, mid, status, undefined, statusName(status));
}

/** Answers that there is too much to do. */
export function answerBusy(host: AnsweringHost, mid: number): void {
  host.shared.counters.overloaded++;
  answerStatus(host, mid, Status.TooManyRequests);
}

/** What a handler has returned. */
export function answerValue(host: AnsweringHost, context: CallContext, value: unknown): void {
  if (context.kind === 'notify') {
    context.done = true;
    return;
  }
  let payload: Payload | undefined;
  try {
    checkResult(context.method, value);
    payload = encodeResult(host.wireKey, context.codecs, value);
  } catch (error) {
    host.shared.report(error, context.name, host);
    answerReply(host, context, { status: Status.InternalServerError });
    return;
  }
  context.done = true;
  const given = context.givenHeaders;
  send(host, context.mid, Status.Ok, given === undefined ? undefined : given.toList(), payload, context);
}

/** What middleware has returned, or an error became. Middleware may hand over anything: what makes no answer is an error of ours. */
export function answerReply(host: AnsweringHost, context: CallContext, reply: Reply): void {
  try {
    sendReply(host, context, checkReply(reply));
  } catch (error) {
    host.shared.report(error, context.name, host);
    context.done = true;
    if (context.kind === 'request') send(host, context.mid, Status.InternalServerError, undefined, HIDDEN, context);
  }
}

function sendReply(host: AnsweringHost, context: CallContext, reply: Reply): void {
  if (reply.status === Status.Ok && reply.payload === undefined) {
    if (reply.headers !== undefined)
      for (const [name, value] of reply.headers) context.responseHeaders.append(name, value);
    answerValue(host, context, reply.value);
    return;
  }
  context.done = true;
  if (context.kind === 'notify') return;
  const headers: (readonly [string, string])[] = [...(context.givenHeaders?.toList() ?? []), ...(reply.headers ?? [])];
  let payload = reply.payload;
  const { error } = reply;
  if (reply.status !== Status.Ok) {
    payload ??= error?.message || statusName(reply.status);
    if (error?.retryAfterMs !== undefined) headers.push(retryAfterHeader(error.retryAfterMs));
    if (error?.details !== undefined) {
      try {
        const details = encodeDetails(host.wireKey.codec, error.details);
        if (details !== undefined) headers.push(details);
      } catch (failure) {
        host.shared.report(failure, context.name, host);
      }
    }
  }
  send(host, context.mid, reply.status, headers, payload, context);
}

function send(
  host: AnsweringHost,
  mid: number,
  status: number,
  headers: Headers | undefined,
  payload: Payload | undefined,
  context?: CallContext,
): void {
  const { engine, shared } = host;
  if (engine.phase === 'closed') return;
  if (status !== Status.Ok) shared.counters.callsFailed++;
  if (shared.options.hooks.onPacketOut !== undefined) tellOut(host, mid, status, payload, context);
  try {
    engine.respond(mid, status, headers, payload);
  } catch (error) {
    // Above the packet limit, most likely: the caller learns that it failed, and the log why.
    if (isTooLargeForPeer(error)) engine.respond(mid, Status.RequestEntityTooLarge, undefined, undefined);
    else {
      shared.report(error, context?.name ?? 'respond', host);
      engine.respond(mid, Status.InternalServerError, undefined, HIDDEN);
    }
  }
  host.wrote();
}

function tellOut(
  host: AnsweringHost,
  mid: number,
  status: number,
  payload: Payload | undefined,
  context: CallContext | undefined,
): void {
  const { shared } = host;
  const isPlain = payload === undefined || typeof payload === 'string' || payload instanceof Uint8Array;
  shared.guard('onPacketOut', host, () =>
    shared.options.hooks.onPacketOut?.({
      connection: host,
      kind: 'response',
      mid,
      action: context?.method.action ?? 0,
      name: context?.name,
      status,
      payload: isPlain ? payload : undefined,
    }),
  );
}
