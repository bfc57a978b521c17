import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deferred, rig, task } from '../test/rig';
import { StoreWriteError } from './errors';
import type { ChildPolicy } from './job';
import { defineProcessor, type JobContext } from './processor';
import { runJob } from './testing/run-job';

const parts = (...numbers: unknown[]) => numbers.map((data) => ({ type: 'part', data }));

/** Gives the results of its parts, or the reasons why they failed. */
const sumOf =
  (numbers: unknown[], onChildFailed?: ChildPolicy) =>
  async ({ children }: JobContext<unknown>): Promise<unknown[]> => {
    const done = await children('parts', parts(...numbers), onChildFailed && { onChildFailed });
    return done.map((child) => child?.result ?? child?.reason ?? null);
  };

const part = defineProcessor({
  type: 'part',
  input: z.number(),
  defaults: { attempts: 1 },
  run: ({ input }) => {
    if (input < 0) throw new RangeError('negative');
    return input * 10;
  },
});

describe('ctx.children', () => {
  it('gives the jobs that it added when they have ended, in their order, without holding a slot', async () => {
    const log: string[] = [];
    const sum = task('sum', async (ctx) => {
      log.push(`run ${ctx.attempt}`);
      try {
        await ctx.step('prepare', () => log.push('prepare'));
        return await sumOf([1, 2, 3])(ctx);
      } finally {
        log.push('finally');
      }
    });
    const { queue, worker, kinds } = rig([sum, part], { concurrency: 1 });
    await worker.start();
    const handle = await queue.add('sum', null, { attempts: 1 });
    expect(await handle.result()).toEqual([10, 20, 30]);
    expect(log).toEqual(['run 1', 'prepare', 'finally', 'run 1', 'finally']);
    expect(kinds(handle.id)).toEqual(['added', 'started', 'step', 'waiting', 'started', 'completed']);
    const { jobs } = await queue.list({ filter: { parent: handle.id } });
    expect((await handle.job())?.children).toEqual([{ name: 'parts', ids: jobs.map(({ id }) => id) }]);
  });

  it('may be asked for several, one after the other or at once', async () => {
    const tree = task('tree', async ({ children }) => {
      const [[a], [b]] = await Promise.all([children('a', parts(1)), children('b', parts(2))]);
      const [c] = await children('c', parts(Number(a?.result) + Number(b?.result)));
      return [c?.result, await children('none', [])];
    });
    const { queue, worker } = rig([tree, part]);
    await worker.start();
    expect(await (await queue.add('tree', null)).result()).toEqual([300, []]);
  });

  it('may be asked for by a child', async () => {
    const leafs = task('leafs', sumOf([1, 2]));
    const root = task('root', async ({ children }) => (await children('all', [{ type: 'leafs', data: 0 }]))[0]?.result);
    const { queue, worker } = rig([root, leafs, part]);
    await worker.start();
    expect(await (await queue.add('root', null)).result()).toEqual([10, 20]);
  });

  it('waits, fails or goes on when a child fails', async () => {
    const { queue, worker } = rig([
      task('waits', sumOf([-1, 2])),
      task('fails', sumOf([-1, 2], 'fail')),
      task('goes-on', sumOf([-1, 2], 'continue')),
      part,
    ]);
    await worker.start();
    const [waits, fails, goesOn] = await queue.addMany([
      { type: 'waits', data: null },
      { type: 'fails', data: null },
      { type: 'goes-on', data: null },
    ]);
    expect(await goesOn.result()).toEqual(['error', 20]);
    expect(await fails.wait()).toMatchObject({ status: 'failed', reason: 'dependency' });
    expect((await waits.job())?.status).toBe('pending');
    const { jobs } = await queue.list({ filter: { parent: waits.id, status: 'failed' } });
    await queue.remove(jobs.map(({ id }) => id));
    expect(await waits.wait()).toMatchObject({ status: 'failed', reason: 'dependency' });
  });

  it.each<[string, (ctx: JobContext<unknown>) => Promise<unknown>, string, string | undefined]>([
    ['the data of one does not fit its schema', sumOf([1, 'two']), 'INVALID', '[1].data: '],
    ['one has no valid type', ({ children }) => children('p', [{ type: '', data: 0 }]), 'INVALID', 'type'],
    [
      'a name comes twice',
      async (ctx) => [await ctx.children('none', []), await ctx.children('none', [])],
      'DUPLICATE_STEP',
      undefined,
    ],
    [
      'they would wait for it',
      ({ job, children }) => children('p', [{ type: 'part', data: 1, options: { dependsOn: [job.id] } }]),
      'CYCLE',
      undefined,
    ],
  ])('fails the job, and adds nothing, when %s', async (_what, run, code, message = '') => {
    const { queue, worker } = rig([task('whole', run), part]);
    await worker.start();
    const job = await (await queue.add('whole', null, { attempts: 1 })).wait();
    expect(job.metadata.errors).toMatchObject([{ code, message: expect.stringContaining(message) }]);
    expect((await queue.counts()).byType).not.toHaveProperty('part');
  });

  it('ends the handler also where it is caught, but not where another error comes out', async () => {
    let tries = 0;
    const caught = task('caught', async ({ children }) => (await children('p', parts(1)).catch(() => [])).length);
    const other = task('other', async ({ children }) => {
      try {
        return (await children('p', parts(2))).length;
      } finally {
        if (++tries === 1) await Promise.reject(new Error('while tidying up'));
      }
    });
    const { queue, worker } = rig([caught, other, part]);
    await worker.start();
    expect(await (await queue.add('caught', null)).result()).toBe(1);
    const job = await (await queue.add('other', null, { backoff: { type: 'fixed', delay: 0 } })).wait();
    expect(job).toMatchObject({ result: 1, metadata: { errors: [{ message: 'while tidying up' }] } });
  });

  it('adds none when the job was cancelled or took too long meanwhile', async () => {
    const gate = deferred();
    const whole = task('whole', async ({ children }) => {
      try {
        await children('p', parts(1));
      } finally {
        await gate.promise;
      }
    });
    const { queue, worker, clock } = rig([whole, part]);
    await worker.start();
    const late = await queue.add('whole', null, { timeout: 1_000, attempts: 1 });
    const unwanted = await queue.add('whole', null);
    await clock.advance(1_500);
    await unwanted.cancel();
    gate.resolve();
    expect(await late.wait()).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(await unwanted.wait()).toMatchObject({ status: 'failed', reason: 'cancelled' });
    expect((await queue.counts()).byType).not.toHaveProperty('part');
  });

  it('takes types that this worker does not run', async () => {
    const { queue, worker, clock } = rig([
      task('whole', async ({ children }) => (await children('p', [{ type: 'elsewhere', data: 1 }]))[0]?.result),
    ]);
    await worker.start();
    const handle = await queue.add('whole', null);
    await clock.settle();
    const [job] = await queue.store.claim({ worker: 'other', limit: 1, types: { elsewhere: 1 }, wait: true });
    await queue.store.settle([{ id: job?.job.id ?? '', token: job?.token ?? '', outcome: 'completed', result: 'far' }]);
    expect(await handle.result()).toBe('far');
  });

  it('is kept until the store takes it', async () => {
    const { queue, worker, faults, clock } = rig([task('whole', sumOf([4])), part]);
    await worker.start();
    faults.fail('settle', new StoreWriteError('full', new Error('ENOSPC')));
    const handle = await queue.add('whole', null);
    await clock.settle();
    expect((await handle.job())?.status).toBe('active');
    await clock.advance(60_000);
    expect(await handle.result()).toEqual([40]);
  });

  it('runs in runJob, with what runs the children', async () => {
    const run = await runJob(task('whole', sumOf([1, 2])), null, { processors: [part] });
    expect(run).toMatchObject({ status: 'completed', result: [10, 20], attempts: 1 });
  });
});
