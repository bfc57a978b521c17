import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aborted, deferred, rig, task } from '../test/rig';
import { CancelledError, RetryAtError, TimeoutError, UnrecoverableError } from './errors';
import { defineProcessor } from './processor';

describe('an attempt whose handler ends by itself', () => {
  it('keeps what the handler returned, as JSON', async () => {
    const { queue, worker } = rig([task('when', () => ({ at: new Date(0), nothing: undefined }))]);
    await worker.start();
    const handle = await queue.add('when', null);
    expect(await handle.result()).toEqual({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('keeps no result of a handler that returned none, and null of one that returned null', async () => {
    const { queue, worker } = rig([task('nothing', () => {}), task('null', () => null)]);
    await worker.start();
    expect(await (await queue.add('nothing', null)).wait()).not.toHaveProperty('result');
    expect(await (await queue.add('null', null)).wait()).toHaveProperty('result', null);
  });

  it('takes a thenable for a promise', async () => {
    // As promises of other libraries are.
    const key = 'then';
    const thenable = { [key]: (resolve: (value: number) => void) => resolve(7) };
    const { queue, worker } = rig([task('foreign', () => thenable as unknown as Promise<number>)]);
    await worker.start();
    expect(await (await queue.add('foreign', null)).result()).toBe(7);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a BigInt', () => ({ size: 1n }), /result\.size: is not JSON but a BigInt/],
    [
      'a cycle',
      () => {
        const loop: Record<string, unknown> = {};
        loop.loop = loop;
        return loop;
      },
      /result\.loop: is not JSON: it contains itself/,
    ],
    ['a function', () => () => 1, /result: is not JSON but function/],
  ])('fails for good when the result is no JSON: %s', async (_name, run, message) => {
    const { queue, worker } = rig([task('odd', run)]);
    await worker.start();
    const job = await (await queue.add('odd', null, { attempts: 5 })).wait();
    expect(job).toMatchObject({ status: 'failed', reason: 'error', attempt: 1 });
    expect(job.metadata.errors[0]?.message).toMatch(message);
  });

  it('fails for good when the result is larger than the store takes', async () => {
    const { queue, worker } = rig([task('big', () => 'x'.repeat(2_000))], { maxJobBytes: 1_000 });
    await worker.start();
    const job = await (await queue.add('big', null)).wait();
    expect(job).toMatchObject({ status: 'failed', attempt: 1, metadata: { errors: [{ code: 'TOO_LARGE' }] } });
  });

  it.each([
    ['an error', new RangeError('boom'), { name: 'RangeError', message: 'boom' }],
    ['undefined', undefined, { name: 'NonError', message: 'The handler threw undefined.' }],
    ['a text', 'no luck', { name: 'NonError', message: 'no luck' }],
  ])('fails when the handler throws %s, at once or later', async (_name, thrown, error) => {
    const now = task('now', () => {
      throw thrown;
    });
    const later = task('later', () => Promise.reject(thrown));
    const { queue, worker } = rig([now, later]);
    await worker.start();
    for (const type of ['now', 'later'] as const) {
      const job = await (await queue.add(type, null, { attempts: 1 })).wait();
      expect(job).toMatchObject({
        status: 'failed',
        reason: 'error',
        metadata: { errors: [{ ...error, attempt: 1 }] },
      });
    }
  });
});

describe('schemas', () => {
  const resize = defineProcessor({
    type: 'resize',
    input: z.object({ width: z.coerce.number(), unit: z.string().default('px') }),
    output: z.object({ bytes: z.number().transform((bytes) => bytes * 2) }),
    run: ({ input }) => ({ bytes: (input.unit === 'px' ? input.width : 'wrong') as number }),
  });

  it('hands the parsed data to the handler, keeps the given data, and parses the result', async () => {
    const { queue, worker } = rig([resize]);
    await worker.start();
    const job = await (await queue.add('resize', { width: '100' })).wait();
    expect(job.data).toEqual({ width: '100' });
    expect(job.result).toEqual({ bytes: 200 });
  });

  it('fails for good on data that became invalid since it was added, with the path of the fault', async () => {
    const { memory, queue, worker } = rig([resize]);
    await worker.start();
    const [added] = await memory.add([{ type: 'resize', data: { width: 'wide' } }]);
    const job = await queue.wait(added?.id ?? '');
    expect(job).toMatchObject({ status: 'failed', reason: 'error', attempt: 1 });
    expect(job.metadata.errors[0]).toMatchObject({ name: 'ValidationError', code: 'INVALID' });
    expect(job.metadata.errors[0]?.message).toMatch(/data\.width: /);
  });

  it('fails for good on an invalid result, with the path of the fault', async () => {
    const { queue, worker } = rig([resize]);
    await worker.start();
    const job = await (await queue.add('resize', { width: 1, unit: 'em' })).wait();
    expect(job).toMatchObject({ status: 'failed', reason: 'error', attempt: 1 });
    expect(job.metadata.errors[0]?.message).toMatch(/result\.bytes: /);
  });

  it('awaits schemas that check asynchronously, on both sides', async () => {
    const slow = defineProcessor({
      type: 'slow',
      input: z.string().refine(async (text) => text !== 'bad'),
      output: z.string().refine(async (text) => text !== 'worse'),
      run: ({ input }) => input,
    });
    const { memory, queue, worker } = rig([slow]);
    await worker.start();
    expect(await (await queue.add('slow', 'good')).result()).toBe('good');
    const [bad] = await memory.add([{ type: 'slow', data: 'bad' }]);
    expect(await queue.wait(bad?.id ?? '')).toMatchObject({ status: 'failed', attempt: 1 });
    expect(await (await queue.add('slow', 'worse')).wait()).toMatchObject({ status: 'failed', attempt: 1 });
  });

  it('never calls the handler of a job that was cancelled while its data was checked', async () => {
    const gate = deferred<boolean>();
    let calls = 0;
    const checked = defineProcessor({
      type: 'checked',
      input: z.string().refine(() => gate.promise),
      run: () => {
        calls++;
      },
    });
    const { memory, queue, worker, clock } = rig([checked]);
    await worker.start();
    const [added] = await memory.add([{ type: 'checked', data: 'x' }]);
    const id = added?.id ?? '';
    await clock.settle();
    await queue.cancel(id);
    await clock.settle();
    gate.resolve(true);
    expect(await queue.wait(id)).toMatchObject({ status: 'failed', reason: 'cancelled' });
    expect(calls).toBe(0);
  });
});

describe('retries', () => {
  /** Fails until its n-th attempt, and notes when each attempt started. */
  function flaky(failures: number, error: () => unknown = () => new Error('again')) {
    const starts: number[] = [];
    const processor = task('flaky', ({ attempt, job }) => {
      starts.push(Date.parse(job.started ?? ''));
      if (attempt <= failures) throw error();
      return attempt;
    });
    const waits = (): number[] => starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
    return { processor, starts, waits };
  }

  it('waits as the job says: fixed', async () => {
    const { processor, waits } = flaky(3);
    const { queue, worker, clock } = rig([processor]);
    await worker.start();
    const handle = await queue.add('flaky', null, { attempts: 4, backoff: { type: 'fixed', delay: 5_000 } });
    await clock.advance(15_000);
    expect(await handle.result()).toBe(4);
    expect(waits()).toEqual([5_000, 5_000, 5_000]);
    expect((await handle.wait()).metadata).toMatchObject({ retries: 3 });
  });

  it('waits as the job says: exponential, up to its bound', async () => {
    const { processor, waits } = flaky(4);
    const { queue, worker, clock } = rig([processor]);
    await worker.start();
    const backoff = { type: 'exponential', delay: 1_000, factor: 3, max: 10_000 } as const;
    const handle = await queue.add('flaky', null, { attempts: 5, backoff });
    await clock.advance(30_000);
    expect(await handle.result()).toBe(5);
    expect(waits()).toEqual([1_000, 3_000, 9_000, 10_000]);
  });

  it('waits by default 1 s, then 2 s, less up to a fifth, and gives up after three attempts', async () => {
    const { processor, waits } = flaky(Number.POSITIVE_INFINITY);
    const { queue, worker, clock, kinds } = rig([processor]);
    await worker.start();
    const handle = await queue.add('flaky', null);
    await clock.advance(10_000);
    expect(await handle.wait()).toMatchObject({ status: 'failed', reason: 'error', attempt: 3 });
    const [first = 0, second = 0] = waits();
    expect(first).toBeGreaterThanOrEqual(800);
    expect(first).toBeLessThanOrEqual(1_000);
    expect(second).toBeGreaterThanOrEqual(1_600);
    expect(second).toBeLessThanOrEqual(2_000);
    const expected = ['added', 'started', 'retrying', 'started', 'retrying', 'started', 'failed'];
    expect(kinds(handle.id)).toEqual(expected);
  });

  it("asks the processor's function, unless the job has a backoff of its own", async () => {
    const { processor, waits } = flaky(2, () => Object.assign(new Error('limit'), { wait: 7_000 }));
    const backoff = (attempt: number, error: unknown): number => attempt * (error as { wait: number }).wait;
    const { queue, worker, clock } = rig([{ ...processor, defaults: { backoff } }]);
    await worker.start();
    const handle = await queue.add('flaky', null);
    await clock.advance(21_000);
    expect(await handle.result()).toBe(3);
    expect(waits()).toEqual([7_000, 14_000]);
  });

  it('reports a backoff function that throws, and uses the default', async () => {
    const { processor } = flaky(1);
    const broken = new Error('broken backoff');
    const backoff = (): number => {
      throw broken;
    };
    const { queue, worker, clock, errors } = rig([{ ...processor, defaults: { backoff } }]);
    await worker.start();
    const handle = await queue.add('flaky', null);
    await clock.advance(1_000);
    expect(await handle.result()).toBe(2);
    expect(errors).toEqual([broken]);
  });

  it('does not retry after an UnrecoverableError, also of another copy of the package', async () => {
    const foreign = Object.assign(new Error('gone'), { code: 'UNRECOVERABLE' });
    for (const error of [new UnrecoverableError('gone'), foreign]) {
      const { processor } = flaky(9, () => error);
      const { queue, worker } = rig([processor]);
      await worker.start();
      const job = await (await queue.add('flaky', null, { attempts: 9 })).wait();
      expect(job).toMatchObject({ status: 'failed', reason: 'error', attempt: 1 });
    }
  });

  it('retries at the time of a RetryAtError, at once when that has passed', async () => {
    const { processor, waits, starts } = flaky(1, () => new RetryAtError((starts[0] ?? 0) + 90_000, 'later'));
    const { queue, worker, clock } = rig([processor]);
    await worker.start();
    const handle = await queue.add('flaky', null);
    await clock.advance(89_999);
    expect(starts).toHaveLength(1);
    await clock.advance(1);
    expect(await handle.result()).toBe(2);
    expect(waits()).toEqual([90_000]);

    const past = flaky(1, () => new RetryAtError(new Date(0), 'now'));
    const second = rig([past.processor]);
    await second.worker.start();
    expect(await (await second.queue.add('flaky', null)).result()).toBe(2);
  });

  it('hands the last checkpoint to the next attempt', async () => {
    const seen: unknown[] = [];
    const steps = task('steps', async ({ attempt, lastCheckpoint, checkpoint }) => {
      seen.push(lastCheckpoint);
      await checkpoint({ done: attempt * 10 });
      if (attempt < 3) throw new Error('again');
    });
    const { queue, worker, clock } = rig([steps]);
    await worker.start();
    const handle = await queue.add('steps', null, { backoff: { type: 'fixed', delay: 10 } });
    await clock.advance(20);
    await handle.result();
    expect(seen).toEqual([undefined, { done: 10 }, { done: 20 }]);
  });

  it("keeps the outcome to itself: a handler that changes the job it got changes nobody's", async () => {
    const vandal = task('vandal', ({ job }) => {
      Object.assign(job, { id: 'job_other', type: 'other', attempt: 99 });
      throw new Error('done');
    });
    const { queue, worker } = rig([vandal]);
    await worker.start();
    expect(await (await queue.add('vandal', null, { attempts: 1 })).wait()).toMatchObject({
      status: 'failed',
      attempt: 1,
    });
    expect(worker.running).toBe(0);
  });
});

describe('timeouts', () => {
  it('abort the signal with a TimeoutError; the attempt fails with reason timeout and is retried as others', async () => {
    const reasons: unknown[] = [];
    const slow = task('slow', ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return aborted(signal);
    });
    const { queue, worker, clock, kinds } = rig([slow]);
    await worker.start();
    const handle = await queue.add('slow', null, {
      timeout: 3_000,
      attempts: 2,
      backoff: { type: 'fixed', delay: 500 },
    });
    await clock.advance(2_999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toEqual([new TimeoutError(3_000)]);
    await clock.advance(3_500);
    const job = await handle.wait();
    expect(job).toMatchObject({ status: 'failed', reason: 'timeout', attempt: 2 });
    expect(job.metadata.errors.map(({ code }) => code)).toEqual(['TIMEOUT', 'TIMEOUT']);
    expect(kinds(handle.id)).toEqual(['added', 'started', 'retrying', 'started', 'failed']);
  });

  it('win over a handler that returns after its signal aborted', async () => {
    const gate = deferred<string>();
    const { queue, worker, clock } = rig([task('slow', () => gate.promise)]);
    await worker.start();
    const handle = await queue.add('slow', null, { timeout: 100, attempts: 1 });
    await clock.advance(100);
    gate.resolve('done');
    expect(await handle.wait()).toMatchObject({ status: 'failed', reason: 'timeout' });
  });

  it('keep the stack of what the handler threw, to show where it was', async () => {
    const failing = new Error('cleaning up failed');
    const slow = task('slow', ({ signal }) => aborted(signal).catch(() => Promise.reject(failing)));
    const { queue, worker, clock } = rig([slow]);
    await worker.start();
    const handle = await queue.add('slow', null, { timeout: 100, attempts: 1 });
    await clock.advance(100);
    const [error] = (await handle.wait()).metadata.errors;
    expect(error).toMatchObject({ name: 'TimeoutError', stack: expect.stringContaining('cleaning up failed') });
  });

  it('come from the processor where the job has none', async () => {
    const slow = task('slow', ({ signal }) => aborted(signal), { defaults: { timeout: 200 } });
    const { memory, queue, worker, clock } = rig([slow]);
    await worker.start();
    const [added] = await memory.add([{ type: 'slow', data: null, maxAttempts: 1 }]);
    await clock.advance(200);
    expect(await queue.get(added?.id ?? '')).toMatchObject({ status: 'failed', reason: 'timeout' });
  });

  it('leave no timer behind when the attempt ends', async () => {
    const { memory, worker, clock } = rig([task('quick', () => 1)]);
    await worker.start();
    await memory.add([{ type: 'quick', data: null }]);
    await clock.settle();
    const before = clock.pending;
    await memory.add([{ type: 'quick', data: null, timeout: 10_000 }]);
    await clock.settle();
    expect((await memory.counts()).completed).toBe(2);
    expect(clock.pending).toBe(before);
  });

  it('also abort a signal that the handler asks for only later', async () => {
    const gate = deferred();
    const slow = task('slow', async (ctx) => {
      await gate.promise;
      expect(ctx.signal.aborted).toBe(true);
      ctx.signal.throwIfAborted();
    });
    const { queue, worker, clock } = rig([slow]);
    await worker.start();
    const handle = await queue.add('slow', null, { timeout: 100, attempts: 1 });
    await clock.advance(100);
    gate.resolve();
    expect((await handle.wait()).metadata.errors[0]).toMatchObject({ name: 'TimeoutError' });
  });
});

describe('cancellation', () => {
  it('ends a pending job without an attempt', async () => {
    let runs = 0;
    const { queue, worker } = rig([task('never', () => runs++)]);
    const handle = await queue.add('never', null);
    await handle.cancel();
    await worker.start();
    expect(await handle.wait()).toMatchObject({ status: 'failed', reason: 'cancelled', attempt: 0 });
    expect(runs).toBe(0);
  });

  it('aborts the signal of an active job with a CancelledError; the job fails without a retry', async () => {
    const reason = deferred<unknown>();
    const slow = task('slow', ({ signal }) => {
      signal.addEventListener('abort', () => reason.resolve(signal.reason));
      return aborted(signal);
    });
    const { queue, worker, clock, kinds, faults } = rig([slow]);
    await worker.start();
    const handle = await queue.add('slow', null, { attempts: 5 });
    await clock.settle();
    await handle.cancel();
    expect(await reason.promise).toEqual(new CancelledError());
    expect(await handle.wait()).toMatchObject({ status: 'failed', reason: 'cancelled', attempt: 1 });
    expect(kinds(handle.id)).toEqual(['added', 'started', 'cancelling', 'failed']);
    expect(faults.calls('settle')).toEqual([[expect.not.objectContaining({ retryIn: expect.anything() })]]);
  });

  it('accepts the success of a handler that finished all the same', async () => {
    const gate = deferred<string>();
    const { queue, worker, clock } = rig([task('slow', () => gate.promise)]);
    await worker.start();
    const handle = await queue.add('slow', null);
    await clock.settle();
    await handle.cancel();
    gate.resolve('done');
    expect(await handle.wait()).toMatchObject({ status: 'completed', result: 'done' });
  });
});

describe('handlers that ignore their signal', () => {
  it.each(['timeout', 'cancelled'] as const)('lose the outcome and the slot: %s', async (reason) => {
    const gate = deferred<string>();
    const runs: string[] = [];
    const deaf = task('deaf', ({ job, attempt }) => {
      runs.push(`${job.tags?.[0]} ${attempt}`);
      return job.tags?.[0] === 'deaf' && attempt === 1 ? gate.promise : 'fine';
    });
    const { queue, worker, clock, kinds } = rig([deaf], { concurrency: 1, stuckAfter: 5_000 });
    const told: unknown[] = [];
    worker.on('stuck', ({ job, reason: why }) => told.push(['stuck', job.id, why]));
    worker.on('late', ({ job, outcome }) => told.push(['late', job.id, outcome]));
    await worker.start();
    const backoff = { type: 'fixed', delay: 0 } as const;
    const first = await queue.add('deaf', null, {
      tags: ['deaf'],
      backoff,
      ...(reason === 'timeout' && { timeout: 1_000 }),
    });
    const second = await queue.add('deaf', null, { tags: ['next'] });
    await clock.advance(1_000);
    if (reason === 'cancelled') await first.cancel();
    await clock.advance(4_999);
    expect(worker.health()).toMatchObject({ status: 'ok', details: { running: 1, stuck: 0 } });
    await clock.advance(1);
    await second.result();
    const job = await first.wait();
    if (reason === 'timeout') {
      expect(job).toMatchObject({ status: 'completed', attempt: 2, metadata: { errors: [{ code: 'TIMEOUT' }] } });
      expect(kinds(first.id)).toEqual(['added', 'started', 'stuck', 'retrying', 'started', 'completed']);
    } else {
      expect(job).toMatchObject({ status: 'failed', reason: 'cancelled', attempt: 1 });
      expect(kinds(first.id)).toEqual(['added', 'started', 'cancelling', 'stuck', 'failed']);
    }
    expect(told).toEqual([['stuck', first.id, reason]]);
    expect(worker.health()).toMatchObject({
      status: 'degraded',
      problems: ['1 handler ignores its abort signal.'],
      details: { running: 0, stuck: 1 },
    });

    gate.resolve('too late');
    await clock.settle();
    expect(told[1]).toEqual(['late', first.id, 'completed']);
    expect((await first.job())?.rev).toBe(job.rev);
    expect(worker.health()).toMatchObject({ status: 'ok', details: { stuck: 0 } });
  });

  it('can report and keep nothing more', async () => {
    const gate = deferred();
    const checkpoint = deferred<unknown>();
    const deaf = task('deaf', async (ctx) => {
      await gate.promise;
      ctx.progress(99);
      ctx.log('still here');
      await ctx.checkpoint({ late: true }).then(checkpoint.resolve, checkpoint.resolve);
    });
    const { queue, worker, clock } = rig([deaf], { stuckAfter: 10 });
    await worker.start();
    const handle = await queue.add('deaf', null, { timeout: 10, attempts: 1 });
    await clock.advance(20);
    await handle.wait();
    gate.resolve();
    expect(await checkpoint.promise).toMatchObject({ code: 'STATE' });
    await clock.advance(1_000);
    const job = await handle.job();
    expect(job?.metadata).toMatchObject({ progress: 0, logs: [] });
    expect(job?.metadata).not.toHaveProperty('checkpoint');
  });
});
