import { deserialize, serialize } from 'node:v8';
import { RetryAtError } from '@leviathan/core';
import { expect, it } from 'vitest';
import { fromWire, toWire } from './wire-error';

const sent = (thrown: unknown): unknown => fromWire(deserialize(serialize(toWire(thrown))));

it('keeps what is known of an error', () => {
  const error = Object.assign(new RangeError('far', { cause: new TypeError('why') }), {
    code: 'FAR',
    status: 3,
    body: {},
  });
  const copy = sent(error) as Error;
  expect(copy).toBeInstanceOf(Error);
  expect(copy).toMatchObject({ name: 'RangeError', message: 'far', code: 'FAR', status: 3 });
  expect(copy.stack).toBe(error.stack);
  expect(copy.cause).toMatchObject({ name: 'TypeError', message: 'why' });
  expect(copy).not.toHaveProperty('body');
  expect(Object.keys(copy)).toEqual(['code', 'status']);
});

it('keeps the time of a retry', () => {
  expect(sent(new RetryAtError(77, 'later'))).toMatchObject({ code: 'RETRY_AT', at: 77, name: 'RetryAtError' });
});

it.each([['text'], [undefined], [7], [{ odd: true }]])('keeps %o, which is no error', (thrown) => {
  expect(sent(thrown)).toEqual(thrown);
});

it('makes a text of what cannot be copied, and of what cannot be read', () => {
  expect(sent(() => 1)).toBe('() => 1');
  expect(
    sent(
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('no');
        },
      }),
    ),
  ).toMatch(/cannot be read/);
});

it('ends with causes that are endless', () => {
  const error = new Error('round');
  error.cause = error;
  let depth = 0;
  for (let at = sent(error) as Error | undefined; at; at = at.cause as Error | undefined) depth++;
  expect(depth).toBe(6);
});
