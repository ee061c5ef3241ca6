/** True for what fits the one byte that a status has on the wire. */
export function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 0 && (status as number) <= 255;
}

/** @throws RangeError for anything else. */
export function checkStatus(status: number): number {
  if (!isStatus(status)) throw new RangeError(`status must be an integer from 0 to 255, got ${String(status)}`);
  return status;
}
