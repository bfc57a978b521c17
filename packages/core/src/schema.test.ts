import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { check } from './schema';

function schemaOf(validate: StandardSchemaV1.Props['validate']): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

describe('check', () => {
  it('gives the parsed value at once', () => {
    expect(check(z.object({ width: z.coerce.number().default(100) }), {}, ['data'])).toEqual({ value: { width: 100 } });
  });

  it('names each fault with its path', () => {
    const schema = z.object({ urls: z.array(z.url()), to: z.string() });
    expect(check(schema, { urls: ['http://ok.test', 'nope'] }, ['data'])).toMatchObject({
      issues: [{ path: ['data', 'urls', 1] }, { path: ['data', 'to'] }],
    });
  });

  it('awaits a schema that checks asynchronously', async () => {
    const schema = z.string().refine(async (text) => text.length > 2, 'too short');
    await expect(check(schema, 'abc', [])).resolves.toEqual({ value: 'abc' });
    await expect(check(schema, 'a', ['data'])).resolves.toEqual({ issues: [{ path: ['data'], message: 'too short' }] });
  });

  it('reads both forms of path segments, and symbols', () => {
    const schema = schemaOf(() => ({ issues: [{ message: 'bad', path: ['a', { key: 1 }, Symbol('s')] }] }));
    expect(check(schema, null, ['data'])).toEqual({
      issues: [{ path: ['data', 'a', 1, 'Symbol(s)'], message: 'bad' }],
    });
  });

  it('takes a schema that throws or rejects for one that found a fault', async () => {
    const throwing = schemaOf(() => {
      throw new Error('oops');
    });
    const rejecting = schemaOf(() => Promise.reject('nope'));
    expect(check(throwing, 1, ['data'])).toEqual({ issues: [{ path: ['data'], message: 'cannot be checked: oops' }] });
    await expect(check(rejecting, 1, [])).resolves.toEqual({
      issues: [{ path: [], message: 'cannot be checked: nope' }],
    });
  });
});
