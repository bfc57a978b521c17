import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { RetryAtError, UnrecoverableError, ValidationError } from '../errors';
import { defineProcessor } from '../processor';
import { runJob } from './run-job';

const resize = defineProcessor({
  type: 'resize',
  input: z.object({ width: z.number().int().positive(), steps: z.number().default(3) }),
  output: z.object({ bytes: z.number() }),
  run: ({ input, progress, log }) => {
    for (let step = 1; step <= input.steps; step++) progress((100 * step) / input.steps, { step });
    log('resized', { level: 'debug', fields: { width: input.width } });
    return { bytes: input.width * 3 };
  },
});

/** Ends only when it is told to. */
const patient = defineProcessor({
  type: 'patient',
  input: z.object({ stubborn: z.boolean().default(false) }),
  run: ({ input, signal }) =>
    new Promise<string>((_resolve, reject) => {
      if (!input.stubborn) signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
});

/** Fails until its third attempt. */
const flaky = defineProcessor({
  type: 'flaky',
  input: z.null(),
  defaults: { backoff: { type: 'fixed', delay: 3_600_000 } },
  run: ({ attempt, log }) => {
    log(`attempt ${attempt}`);
    if (attempt < 3) throw Object.assign(new TypeError(`not yet, ${attempt}`), { code: 'E_AGAIN' });
    return attempt;
  },
});

describe('runJob', () => {
  it('gives the result, and all that the handler told on the way', async () => {
    const run = await runJob(resize, { width: 10 });
    expectTypeOf(run.result).toEqualTypeOf<{ bytes: number } | undefined>();
    expect(run).toMatchObject({ status: 'completed', result: { bytes: 30 }, attempts: 1 });
    expect(run.progress).toEqual([1, 2, 3].map((step) => ({ percent: (100 * step) / 3, detail: { step } })));
    expect(run.logs).toEqual([{ at: expect.any(String), level: 'debug', message: 'resized', fields: { width: 10 } }]);
    expect(run.job).toMatchObject({ type: 'resize', data: { width: 10 }, metadata: { progress: 100 } });
    expect(run).not.toHaveProperty('error');
  });

  it('gives the first failure, unless more attempts are asked for', async () => {
    const run = await runJob(flaky, null);
    expect(run).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { attempt: 1, name: 'TypeError', message: 'not yet, 1', code: 'E_AGAIN' },
      job: { reason: 'error' },
    });
    expect(run).not.toHaveProperty('result');
  });

  it('waits out the backoff between attempts without making the test wait', async () => {
    const started = performance.now();
    const run = await runJob(flaky, null, { attempts: 5 });
    expect(run).toMatchObject({ status: 'completed', result: 3, attempts: 3, error: { message: 'not yet, 2' } });
    expect(run.logs.map((log) => log.message)).toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
    expect(Date.parse(run.job.finished ?? '') - Date.parse(run.job.created)).toBe(2 * 3_600_000);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('starts from a checkpoint, as a second attempt would', async () => {
    const resuming = defineProcessor({
      type: 'resuming',
      input: z.null(),
      run: async ({ lastCheckpoint, checkpoint }) => {
        await checkpoint({ offset: 9 });
        return lastCheckpoint;
      },
    });
    const run = await runJob(resuming, null, { checkpoint: { offset: 4 } });
    expect(run).toMatchObject({ result: { offset: 4 }, attempts: 1, job: { metadata: { checkpoint: { offset: 9 } } } });
    expect(await runJob(resuming, null)).not.toHaveProperty('result');
  });

  it('ends a handler by its timeout', async () => {
    const run = await runJob(patient, {}, { timeout: 60_000, quiet: 10 });
    expect(run).toMatchObject({ status: 'failed', job: { reason: 'timeout' }, error: { name: 'TimeoutError' } });
    expect(Date.parse(run.job.finished ?? '') - Date.parse(run.job.started ?? '')).toBe(60_000);
  });

  it('ends a handler that ignores its signal, too', async () => {
    const run = await runJob(patient, { stubborn: true }, { timeout: 1_000, quiet: 10 });
    expect(run).toMatchObject({ status: 'failed', job: { reason: 'timeout', metadata: { stuck: true } } });
  });

  it('cancels after a time, or as soon as the handler started', async () => {
    for (const cancelAfter of [0, 5_000]) {
      const run = await runJob(patient, {}, { cancelAfter, quiet: 10, attempts: 3 });
      expect(run).toMatchObject({ status: 'failed', attempts: 1, job: { reason: 'cancelled' } });
      expect(Date.parse(run.job.finished ?? '') - Date.parse(run.job.started ?? '')).toBe(cancelAfter);
    }
  });

  it('cancels when the signal aborts, even before the start', async () => {
    const abort = new AbortController();
    const aborting = defineProcessor({
      type: 'aborting',
      input: z.null(),
      run: ({ signal }) => {
        const stopped = new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
        abort.abort();
        return stopped;
      },
    });
    expect(await runJob(aborting, null, { signal: abort.signal })).toMatchObject({
      status: 'failed',
      job: { reason: 'cancelled' },
    });
    const early = await runJob(resize, { width: 1 }, { signal: AbortSignal.abort() });
    expect(early).toMatchObject({ status: 'failed', attempts: 0, job: { reason: 'cancelled' }, progress: [] });
  });

  it('waits for real work as long as it takes', async () => {
    const slow = defineProcessor({
      type: 'slow',
      input: z.null(),
      run: async () => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        return 'done';
      },
    });
    expect(await runJob(slow, null, { quiet: 40 })).toMatchObject({ status: 'completed', result: 'done' });
    expect(await runJob(slow, null, { timeout: 1_000 })).toMatchObject({ status: 'completed', result: 'done' });
  });

  it('retries as the errors say', async () => {
    const at = Date.parse('2025-02-01T00:00:00Z');
    const errors = defineProcessor({
      type: 'errors',
      input: z.enum(['never again', 'later']),
      run: ({ input, attempt }) => {
        if (input === 'never again') throw new UnrecoverableError('never again');
        if (attempt === 1) throw new RetryAtError(at, 'later');
        return 'ok';
      },
    });
    expect(await runJob(errors, 'never again', { attempts: 5 })).toMatchObject({ status: 'failed', attempts: 1 });
    const later = await runJob(errors, 'later', { attempts: 5 });
    expect(later).toMatchObject({ status: 'completed', attempts: 2 });
    expect(Date.parse(later.job.finished ?? '')).toBe(at);
  });

  it('refuses data that does not fit the schema, with the path', async () => {
    const error = await runJob(resize, { width: -1 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ issues: [{ path: ['data', 'width'] }] });
    // @ts-expect-error the data is typed by the schema
    await expect(runJob(resize, { width: '10' })).rejects.toBeInstanceOf(ValidationError);
  });
});
