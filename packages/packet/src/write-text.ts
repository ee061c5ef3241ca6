import { escapeText } from './header-block.js';

/** A whole ping packet of the text format. */
export const TEXT_PING = 'I';
/** A whole pong packet of the text format. */
export const TEXT_PONG = 'O';

/**
 * A request of the text format. Arguments are not checked.
 * @param action A string is a method name, not escaped.
 * @param header An encoded block; undefined or empty for none.
 * @param payload undefined or empty for none.
 */
export function textRequest(
  mid: number,
  action: number | bigint | string,
  header: string | undefined,
  payload: string | undefined,
): string {
  return `Q${hex(mid)}:${textAction(action)}${rest(header, payload)}`;
}

/** As {@link textRequest}, for a notify. */
export function textNotify(
  action: number | bigint | string,
  header: string | undefined,
  payload: string | undefined,
): string {
  return `N${textAction(action)}${rest(header, payload)}`;
}

/** As {@link textRequest}, for a response. */
export function textResponse(
  mid: number,
  status: number,
  header: string | undefined,
  payload: string | undefined,
): string {
  return `S${hex(mid)}:${hex(status)}${rest(header, payload)}`;
}

/** As {@link textRequest}, for a Close packet. */
export function textClose(status: number, payload: string | undefined): string {
  return `C${hex(status)}${rest(undefined, payload)}`;
}

/** Upper case without leading zeros. */
export function hex(value: number | bigint): string {
  return value.toString(16).toUpperCase();
}

function textAction(action: number | bigint | string): string {
  return typeof action === 'string' ? `M:${escapeText(action)}` : hex(action);
}

function rest(header: string | undefined, payload: string | undefined): string {
  const block = header === undefined || header === '' ? '' : `\nH${header}`;
  return payload === undefined || payload === '' ? block : `${block}\nP${payload}`;
}
