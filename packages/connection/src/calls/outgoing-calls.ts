import { Status, StmpError } from '@stmp/contract';
import type { CallOptions } from '../api.js';
import { encodeValue } from '../wire/wire.js';
import type { Callee } from './callee.js';
import type { SendingHost } from './host.js';
import { abortError, PendingCall } from './pending-call.js';
import { tellOut } from './tell-out.js';

const TIMEOUT_HEADER = 'Stmp-Timeout-Ms';

/** A call of one method; `input` is encoded before this returns. */
export function call(
  host: SendingHost,
  callee: Callee,
  input: unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => begin(host, callee, input, options, resolve, reject));
}

/** Why no call can be made now. */
function refusal(host: SendingHost, callee: Callee, signal: AbortSignal | undefined): StmpError | undefined {
  if (signal?.aborted) return abortError(callee.name, signal);
  if (!host.isOpen) {
    return new StmpError('connection_closed', 'connection closed', { status: Status.NetworkError, origin: 'link' });
  }
  const { maxPendingCalls, maxQueuedBytes } = host.shared.options;
  if (host.engine.pendingCalls >= maxPendingCalls)
    return new StmpError('too_many_calls', `${maxPendingCalls} calls are pending on this connection`);
  if (host.linkFull && !host.slowReader().hasRoom(0))
    return new StmpError('too_many_calls', `more than ${maxQueuedBytes} bytes wait for a slow reader`);
  return undefined;
}

function begin(
  host: SendingHost,
  callee: Callee,
  input: unknown,
  options: CallOptions | undefined,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  const { engine, shared } = host;
  const signal = options?.signal;
  const refused = refusal(host, callee, signal);
  if (refused !== undefined) {
    reject(refused);
    return;
  }
  const { options: own } = shared;
  const timeoutMs = options?.timeoutMs ?? own.methodTimeoutsMs[callee.name] ?? own.callTimeoutMs;
  if (!(timeoutMs >= 0)) {
    reject(new RangeError(`timeoutMs must be a number of at least 0, got ${timeoutMs}`));
    return;
  }
  const key = host.wireKey;
  let mid: number;
  let pending: PendingCall;
  try {
    const codecs = callee.codecs(key.codec);
    pending = new PendingCall(resolve, reject, codecs.output, callee.name, timeoutMs, options);
    const payload = encodeValue(codecs.input, key.form === 'text', input);
    let headers = options?.headers;
    if (options?.sendTimeout && timeoutMs > 0)
      headers = [...(headers ?? []), [TIMEOUT_HEADER, String(Math.ceil(timeoutMs))]];
    // The clock is read once for all calls of a turn, which a flush ends.
    if (host.callsMs < 0) {
      // Upwards, so that no call expires early.
      host.callsMs = Math.ceil(host.clock.nowMs());
      host.wrote();
    }
    mid = engine.call(pending, callee.method.action, headers, payload, host.callsMs, timeoutMs);
  } catch (error) {
    reject(error);
    return;
  }
  if (mid === 0) {
    reject(new StmpError('no_free_id', 'all 65535 ids of this connection are pending or were given up'));
    return;
  }
  pending.mid = mid;
  shared.counters.callsOut++;
  if (signal !== undefined) {
    pending.watch(signal, () => {
      engine.abandon(mid);
      host.gaveUp();
    });
  }
  if (own.hooks.onPacketOut !== undefined)
    tellOut(host, 'request', mid, callee.method, callee.isUnnamed ? undefined : callee.name);
  // Whoever waits for an answer must be able to read it.
  host.waitsForMore();
  if (timeoutMs > 0) host.expects(host.callsMs + timeoutMs);
}
