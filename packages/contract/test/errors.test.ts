import { details, isStmpError, Status, StmpError, statusError, statusName } from '@stmp/contract';
import { describe, expect, it } from 'vitest';

describe('statusName', () => {
  it.each([
    [0x00, 'Ok'],
    [0x02, 'NetworkError'],
    [0x24, 'RequestEntityTooLarge'],
    [0x41, 'ServerShutdown'],
    [0x77, 'Unknown (0x77)'],
    [0x0a, 'Unknown (0x0A)'],
    [0xff, 'Unknown (0xFF)'],
  ])('of %i is %s', (status, name) => {
    expect(statusName(status)).toBe(name);
  });

  it('names every status', () => {
    expect(Object.entries(Status).map(([name, code]) => [name, statusName(code)])).toEqual(
      Object.keys(Status).map((name) => [name, name]),
    );
    expect(new Set(Object.values(Status)).size).toBe(Object.keys(Status).length);
  });
});

describe('StmpError', () => {
  it('says what, where and why', () => {
    const cause = new Error('reset');
    const error = new StmpError('link_failed', 'the path broke', { origin: 'link', status: 2, cause });
    expect(error).toMatchObject({ name: 'StmpError', code: 'link_failed', origin: 'link', status: 2, cause });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe('StmpError: the path broke');
  });

  it('arises here unless said otherwise, and has no cause of its own', () => {
    const error = new StmpError('aborted', 'x');
    expect(error).toMatchObject({ origin: 'local', status: undefined, details: undefined });
    expect('cause' in error).toBe(false);
  });

  it('is known across copies of the package', () => {
    const copy = Object.assign(new Error('x'), { [Symbol.for('stmp.error')]: true });
    expect(isStmpError(new StmpError('aborted', 'x'))).toBe(true);
    expect(isStmpError(copy)).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'StmpError', { code: 'aborted', name: 'StmpError' }]) {
      expect(isStmpError(other)).toBe(false);
    }
  });
});

describe('statusError', () => {
  it('carries status and text', () => {
    expect(statusError(Status.NotFound, 'no such room')).toMatchObject({
      code: 'status',
      status: 0x22,
      message: 'no such room',
      origin: 'local',
    });
    expect(statusError(0x77).message).toBe('Unknown (0x77)');
    expect(statusError(Status.BadRequest, '').message).toBe('');
  });

  it('carries details and a cause', () => {
    const cause = new Error('why');
    const error = statusError(Status.BadRequest, 'x', { details: details(undefined, { field: 'name' }), cause });
    expect(error.details?.as()).toEqual({ field: 'name' });
    expect(error.cause).toBe(cause);
  });

  it.each([0, -1, 256, 1.5, Number.NaN])('refuses %d', (status) => {
    expect(() => statusError(status)).toThrow(new RangeError(`status must be an integer from 1 to 255, got ${status}`));
  });
});
