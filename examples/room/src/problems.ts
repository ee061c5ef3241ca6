import { isStmpError, Status, statusName } from 'stmp';
import { FieldError } from './generated/room.js';

/** Which field of an input broke a rule; undefined for any other error. */
export function fieldErrorOf(error: unknown): FieldError | undefined {
  if (!isStmpError(error) || error.status !== Status.BadRequest || error.details === undefined) return undefined;
  try {
    return error.details.as(FieldError);
  } catch {
    // Details of another type: the error's own text has to do.
    return undefined;
  }
}

/** An error in words for the user. */
export function describeError(error: unknown): string {
  const field = fieldErrorOf(error);
  if (field !== undefined) return `${field.field} ${field.message}`;
  if (!isStmpError(error)) return error instanceof Error ? error.message : String(error);
  if (error.code === 'not_connected' || error.code === 'connection_closed') return 'there is no connection';
  return error.message || (error.status === undefined ? error.code : statusName(error.status));
}
