import { describe, expect, it, onTestFinished } from 'vitest';
import { aborted, deferred, rig, task } from '../test/rig';
import { JobTooLargeError, StoreWriteError } from './errors';
import { type JobContext, type Json, MAX_LOGS } from './index';
import type { Report, StoreEvent } from './store';

/** A rig whose one job is under way, its context in the test's hands. */
async function running(settings: Parameters<typeof rig>[1] = {}) {
  const context = deferred<JobContext<unknown>>();
  const gate = deferred<unknown>();
  const open = task('open', (ctx) => {
    context.resolve(ctx);
    return gate.promise;
  });
  const parts = rig([open], settings);
  await parts.worker.start();
  const handle = await parts.queue.add('open', null, { attempts: 1 });
  const ctx = await context.promise;
  const sent = (): Report[] => parts.faults.calls('report').flat() as Report[];
  const told = (kind: StoreEvent['kind']) => parts.events.filter((event) => event.kind === kind);
  return { ...parts, ctx, handle, sent, told, end: gate.resolve, fail: gate.reject };
}

describe('progress', () => {
  it('goes out at once when it is the first for a while, then gathered, the latest value only', async () => {
    const { ctx, clock, sent } = await running();
    ctx.progress(1);
    await clock.settle();
    expect(sent().map(({ progress }) => progress)).toEqual([1]);
    for (let percent = 2; percent <= 50; percent++) ctx.progress(percent, { bytes: percent * 10 });
    await clock.advance(99);
    expect(sent()).toHaveLength(1);
    await clock.advance(1);
    expect(sent()).toHaveLength(2);
    expect(sent()[1]).toMatchObject({ progress: 50, detail: { bytes: 500 } });
    await clock.advance(1_000);
    expect(sent()).toHaveLength(2);
    ctx.progress(60);
    await clock.settle();
    expect(sent()[2]).toMatchObject({ progress: 60 });
  });

  it.each([
    [-5, 0],
    [100.5, 100],
    [Number.POSITIVE_INFINITY, 100],
    [33.3, 33.3],
  ])('of %d is taken for %d', async (percent, taken) => {
    const { ctx, clock, sent } = await running();
    ctx.progress(percent);
    await clock.settle();
    expect(sent()).toMatchObject([{ progress: taken }]);
  });

  it('that is no number is ignored', async () => {
    const { ctx, clock, sent } = await running();
    ctx.progress(Number.NaN);
    ctx.progress('half' as unknown as number);
    await clock.advance(1_000);
    expect(sent()).toEqual([]);
  });

  it('shows a detail that is no JSON as what it is, and never throws into the handler', async () => {
    const { ctx, clock, sent } = await running();
    ctx.progress(10, { bytes: 1n } as unknown as Json);
    await clock.settle();
    expect(sent()).toMatchObject([{ progress: 10, detail: expect.stringContaining('BigInt') }]);
  });

  it('of many jobs goes out in one call', async () => {
    const contexts: JobContext<unknown>[] = [];
    const slow = task('slow', (ctx) => {
      contexts.push(ctx);
      return aborted(ctx.signal);
    });
    const { queue, worker, faults, clock } = rig([slow], { concurrency: 50 });
    await worker.start();
    await queue.addMany(Array.from({ length: 50 }, () => ({ type: 'slow' as const, data: null })));
    await clock.settle();
    for (const ctx of contexts) ctx.progress(10);
    await clock.advance(0);
    for (const ctx of contexts) ctx.progress(20);
    await clock.advance(100);
    expect(faults.calls('report').map((batch) => (batch as Report[]).length)).toEqual([50, 50]);
  });
});

describe('the last words of an attempt', () => {
  it('reach the store before its outcome', async () => {
    const { ctx, clock, end, handle, faults, told } = await running();
    ctx.progress(10);
    await clock.settle();
    ctx.progress(90, { almost: true });
    ctx.log('nearly there');
    end('done');
    const job = await handle.wait();
    await clock.settle();
    expect(faults.order.filter((call) => call === 'report' || call === 'settle')).toEqual([
      'report',
      'report',
      'settle',
    ]);
    expect(job.metadata.logs.map(({ message }) => message)).toEqual(['nearly there']);
    expect(told('progress').map(({ progress }) => progress)).toEqual([10, 90]);
  });

  it('are kept with a failed attempt, too', async () => {
    const { ctx, fail, handle } = await running();
    ctx.progress(70, { file: 'b' });
    ctx.log('giving up', { level: 'warn', fields: { code: 7 } });
    fail(new Error('no'));
    expect((await handle.wait()).metadata).toMatchObject({
      progress: 70,
      detail: { file: 'b' },
      logs: [{ at: '2025-01-30T12:00:00.000Z', level: 'warn', message: 'giving up', fields: { code: 7 } }],
    });
  });
});

describe('log lines', () => {
  it('stay in order, the newest ones when there are too many, and clipped when they are huge', async () => {
    const { ctx, end, handle, sent } = await running();
    for (let i = 0; i < 10_000; i++) ctx.log(`line ${i}`);
    ctx.log('x'.repeat(50_000));
    end(null);
    const { logs } = (await handle.wait()).metadata;
    expect(logs).toHaveLength(MAX_LOGS);
    expect(logs[0]?.message).toBe('line 9901');
    expect(logs.at(-1)?.message).toHaveLength(9_998);
    expect(sent().every((report) => (report.logs?.length ?? 0) <= MAX_LOGS)).toBe(true);
  });

  it('with fields that are no JSON never throw into the handler', async () => {
    const { ctx, end, handle } = await running();
    ctx.log('odd', { fields: { size: 1n } as unknown as Json });
    end(null);
    expect((await handle.wait()).metadata.logs[0]?.fields).toMatch(/BigInt/);
  });
});

describe('a checkpoint', () => {
  it('resolves when the store has it', async () => {
    const { ctx, clock, faults, handle } = await running();
    const open = faults.hold('report');
    let kept = false;
    const checkpoint = ctx.checkpoint({ step: 1 }).then(() => {
      kept = true;
    });
    await clock.settle();
    expect(kept).toBe(false);
    open();
    await checkpoint;
    expect((await handle.job())?.metadata.checkpoint).toEqual({ step: 1 });
  });

  it('rejects when it is no JSON, naming the place', async () => {
    const { ctx } = await running();
    await expect(ctx.checkpoint({ step: 1n } as unknown as Json)).rejects.toThrow(/checkpoint\.step: is not JSON/);
  });

  it('rejects when the store cannot keep it, alone among those of other jobs', async () => {
    const results: PromiseSettledResult<void>[] = [];
    const sizes = task('sizes', async ({ input, checkpoint }) => {
      const [result] = await Promise.allSettled([checkpoint('x'.repeat(input as number))]);
      if (result) results.push(result);
    });
    const { queue, worker } = rig([sizes], { maxJobBytes: 1_000 });
    const handles = await queue.addMany([10, 5_000, 20].map((data) => ({ type: 'sizes' as const, data })));
    await worker.start();
    await Promise.all(handles.map((handle) => handle.wait()));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(JobTooLargeError) });
  });

  it('that nobody awaits brings nothing down when it fails', async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listener);
    onTestFinished(() => void process.off('unhandledRejection', listener));
    const { ctx, clock, end, handle } = await running({ maxJobBytes: 1_000 });
    void ctx.checkpoint('x'.repeat(5_000));
    await clock.settle();
    end('done');
    expect(await handle.wait()).toMatchObject({ status: 'completed' });
    expect(unhandled).toEqual([]);
  });

  it('rejects, and the signal aborts, when the job was taken from the worker', async () => {
    const { ctx, memory, queue } = await running();
    await queue.pause();
    await memory.takeBack(['w1'], 'crashed');
    await expect(ctx.checkpoint(1)).rejects.toMatchObject({ code: 'STATE' });
    expect(ctx.signal.reason).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a report', () => {
  it('tells of a cancellation, even if its event never comes', async () => {
    const { ctx, memory, handle, clock } = await running();
    const report = memory.report.bind(memory);
    memory.report = async (reports) => (await report(reports)).map((result) => ({ ...result, cancelling: true }));
    ctx.progress(5);
    await clock.settle();
    expect(ctx.signal.reason).toMatchObject({ code: 'CANCELLED' });
    expect(await handle.job()).toMatchObject({ status: 'active' });
  });

  it('that the store does not take changes no outcome; its lines come with the next one', async () => {
    const { ctx, faults, clock, errors, end, handle } = await running();
    const full = new StoreWriteError('disk full', undefined);
    faults.fail('report', full);
    ctx.progress(10, { at: 'a' });
    ctx.log('first');
    await clock.settle();
    expect(errors).toEqual([full]);
    ctx.log('second');
    ctx.progress(20);
    await clock.advance(100);
    const job = await handle.job();
    expect(job?.metadata).toMatchObject({ progress: 20, detail: { at: 'a' } });
    expect(job?.metadata.logs.map(({ message }) => message)).toEqual(['first', 'second']);

    faults.fail('report', full);
    ctx.log('never seen');
    end('done');
    expect(await handle.wait()).toMatchObject({ status: 'completed', result: 'done' });
  });
});
