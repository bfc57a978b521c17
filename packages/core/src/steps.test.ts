import { describe, expect, it } from 'vitest';
import { deferred, rig, task } from '../test/rig';
import type { JobContext } from './processor';

describe('a step', () => {
  it('is done once, whatever becomes of the attempts', async () => {
    const done: string[] = [];
    const seen: unknown[] = [];
    const { queue, worker, clock } = rig([
      task('work', async ({ attempt, step }) => {
        const one = (): object => {
          done.push(`one in ${attempt}`);
          return { at: new Date(0) };
        };
        seen.push(await step('one', one));
        await step('two', async () => void done.push(`two in ${attempt}`));
        if (attempt < 3) throw new Error('not yet');
        return step('three', () => 3);
      }),
    ]);
    await worker.start();
    const handle = await queue.add('work', null, { backoff: { type: 'fixed', delay: 1_000 } });
    await clock.advance(5_000);
    expect(await handle.result()).toBe(3);
    expect(done).toEqual(['one in 1', 'two in 1']);
    // As JSON makes it: in the attempt that did it as in the later ones.
    expect(seen).toEqual(Array.from({ length: 3 }, () => ({ at: '1970-01-01T00:00:00.000Z' })));
    expect((await handle.job())?.metadata.steps?.map(({ name }) => name)).toEqual(['one', 'two', 'three']);
  });

  it('that throws is done again', async () => {
    let tries = 0;
    const { queue, worker } = rig([
      task('work', ({ step }) =>
        step('flaky', () => {
          if (++tries < 2) throw new RangeError('boom');
          return tries;
        }),
      ),
    ]);
    await worker.start();
    const handle = await queue.add('work', null, { backoff: { type: 'fixed', delay: 0 } });
    const job = await handle.wait();
    expect(job).toMatchObject({ status: 'completed', result: 2, metadata: { errors: [{ name: 'RangeError' }] } });
  });

  it('may run beside others', async () => {
    const gate = deferred();
    const { queue, worker, clock } = rig([
      task('work', ({ step }) =>
        Promise.all([step('slow', () => gate.promise.then(() => 'slow')), step('fast', () => 'fast')]),
      ),
    ]);
    await worker.start();
    const handle = await queue.add('work', null);
    await clock.settle();
    expect((await handle.job())?.metadata.steps?.map(({ name }) => name)).toEqual(['fast']);
    gate.resolve();
    expect(await handle.result()).toEqual(['slow', 'fast']);
  });

  it.each<[string, (ctx: JobContext) => Promise<unknown>, string]>([
    ['has the name of another one', ({ step }) => step('a', () => 1).then(() => step('a', () => 2)), 'DUPLICATE_STEP'],
    ['has a result that is no JSON', ({ step }) => step('a', () => 1n), 'INVALID'],
    ['has a result that is too large', ({ step }) => step('a', () => 'x'.repeat(2_000)), 'TOO_LARGE'],
    ['has no name', ({ step }) => step('', () => 1), 'INVALID'],
  ])('rejects when it %s', async (_what, run, code) => {
    const { queue, worker } = rig([task('work', run)], { maxJobBytes: 1_000 });
    await worker.start();
    const job = await (await queue.add('work', null, { attempts: 1 })).wait();
    expect(job.metadata.errors).toMatchObject([{ code }]);
  });

  it('does not begin once the handler is to stop, and what was done by then is kept', async () => {
    const gate = deferred();
    const done: string[] = [];
    const { queue, worker, clock } = rig([
      task('work', async ({ step }) => {
        await step('one', () => gate.promise);
        await step('two', () => done.push('two'));
      }),
    ]);
    await worker.start();
    const handle = await queue.add('work', null);
    await clock.settle();
    const stopped = worker.stop({ timeout: 0 });
    await clock.settle();
    gate.resolve();
    await clock.advance(1_000);
    await stopped;
    expect(done).toEqual([]);
    expect(await handle.job()).toMatchObject({ status: 'pending', attempt: 0, metadata: { steps: [{ name: 'one' }] } });
  });

  it('of an attempt that lost its job is not kept', async () => {
    const gate = deferred();
    const outcome = deferred<unknown>();
    const { queue, worker, memory, clock } = rig([
      task('work', async ({ step }) => {
        await step('late', () => gate.promise).then(outcome.resolve, outcome.resolve);
      }),
    ]);
    await worker.start();
    const handle = await queue.add('work', null);
    await clock.settle();
    await memory.pause(true);
    await memory.takeBack(['w1'], 'crashed');
    gate.resolve();
    expect(await outcome.promise).toMatchObject({ code: 'STATE' });
    expect((await handle.job())?.metadata).not.toHaveProperty('steps');
  });

  it('that nobody waits for ends no process when it fails', async () => {
    const { queue, worker } = rig([
      task('work', ({ step }) => void step('lost', () => Promise.reject(new Error('x')))),
    ]);
    await worker.start();
    expect(await (await queue.add('work', null)).wait()).toMatchObject({ status: 'completed' });
  });
});
