import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Issue } from './errors';
import type { JobOptions, JobSpec } from './job';
import { toJobSpec } from './job-spec';
import { type AnyProcessor, defineProcessor } from './processor';

const now = Date.parse('2025-01-30T12:00:00Z');

async function specOf(
  data: unknown,
  options: JobOptions = {},
  processor?: AnyProcessor,
): Promise<{ spec: JobSpec; issues: Issue[] }> {
  const issues: Issue[] = [];
  const spec = await toJobSpec({ type: 'a', data, options }, processor, now, undefined, issues);
  return { spec, issues };
}

describe('toJobSpec', () => {
  it('makes a plain spec of plain data, with no field that nobody asked for', async () => {
    expect(await specOf({ n: 1 })).toEqual({ spec: { type: 'a', data: { n: 1 } }, issues: [] });
  });

  it('passes all options on, attempts as maxAttempts', async () => {
    const options = { id: 'x', priority: 1, maxCrashes: 2, timeout: 3, dependsOn: ['y'], key: 'k', tags: ['t'] };
    const backoff = { type: 'fixed', delay: 4 } as const;
    const { spec } = await specOf(null, { ...options, backoff, attempts: 5 });
    expect(spec).toEqual({ type: 'a', data: null, ...options, backoff, maxAttempts: 5 });
  });

  it.each<[string, JobOptions, number | undefined]>([
    ['a delay', { delay: 1_500 }, now + 1_500],
    ['no delay', { delay: 0 }, undefined],
    ['a Date', { runAt: new Date(now) }, now],
    ['epoch milliseconds', { runAt: 5 }, 5],
    ['ISO 8601', { runAt: '2025-01-30T12:00:00Z' }, now],
    ['a day', { runAt: '2025-01-30' }, Date.parse('2025-01-30')],
  ])('takes %s as time', async (_name, options, runAt) => {
    const { spec, issues } = await specOf(null, options);
    expect(issues).toEqual([]);
    expect(spec.runAt).toBe(runAt);
  });

  it.each<[string, JobOptions, string]>([
    ['delay and runAt', { delay: 1, runAt: 1 }, 'delay'],
    ['a negative delay', { delay: -1 }, 'delay'],
    ['a delay without end', { delay: Number.POSITIVE_INFINITY }, 'delay'],
    ['a text that is no date', { runAt: 'tomorrow' }, 'runAt'],
    ['a text that only some engines read', { runAt: '1' }, 'runAt'],
    ['a date that is none', { runAt: new Date('x') }, 'runAt'],
    ['something else', { runAt: {} as Date }, 'runAt'],
  ])('refuses %s', async (_name, options, field) => {
    expect((await specOf(null, options)).issues).toMatchObject([{ path: [field] }]);
  });

  it("fills in the processor's defaults; undefined hides none", async () => {
    const processor = defineProcessor({
      type: 'a',
      input: z.unknown(),
      run: () => {},
      defaults: { priority: 2, attempts: 7, timeout: 9, tags: ['d'], backoff: { type: 'fixed', delay: 1 } },
    });
    const { spec } = await specOf(null, { priority: 3, attempts: undefined, tags: [] }, processor);
    expect(spec).toEqual({
      type: 'a',
      data: null,
      priority: 3,
      maxAttempts: 7,
      timeout: 9,
      tags: [],
      backoff: { type: 'fixed', delay: 1 },
    });
  });

  it('stores no backoff function', async () => {
    const processor = defineProcessor({ type: 'a', input: z.unknown(), run: () => {}, defaults: { backoff: () => 1 } });
    expect((await specOf(null, {}, processor)).spec).not.toHaveProperty('backoff');
  });

  it('checks the data in the form in which it is stored, and stores it as it was given', async () => {
    const input = z.object({ at: z.coerce.date(), n: z.number().default(3) });
    const processor = defineProcessor({ type: 'a', input, run: () => {} });
    const { spec, issues } = await specOf({ at: new Date(now) }, {}, processor);
    expect(issues).toEqual([]);
    expect(spec.data).toEqual({ at: '2025-01-30T12:00:00.000Z' });
    const strict = defineProcessor({ type: 'a', input: z.object({ at: z.date() }), run: () => {} });
    expect((await specOf({ at: new Date(now) }, {}, strict)).issues).toMatchObject([{ path: ['data', 'at'] }]);
  });

  it('refuses data that is no JSON', async () => {
    expect((await specOf({ n: 1n })).issues).toMatchObject([{ path: ['data', 'n'] }]);
    expect((await specOf(undefined)).issues).toMatchObject([{ path: ['data'] }]);
  });
});
