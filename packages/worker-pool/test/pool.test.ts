import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ISOLATION_KINDS } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { messages, rig, task } from './rig';

interface Place {
  pid: number;
  threadId: number;
}

const placeOf = (result: unknown): string => `${(result as Place).pid}/${(result as Place).threadId}`;

/** Adds many jobs of a type; their ids. */
async function addMany(leviathan: Awaited<ReturnType<typeof rig>>['leviathan'], type: string, count: number) {
  const jobs = Array.from({ length: count }, (_, n) => ({ type, data: { ms: 0, n } }));
  const handles = (await leviathan.addMany(jobs as never)) as unknown as { id: string }[];
  return handles.map(({ id }) => id);
}

describe.each(ISOLATION_KINDS)('workers that are a %s each', (kind) => {
  it('are used again', async () => {
    const { run, counts } = await rig([task('where', { kind })]);
    const places = [];
    for (let i = 0; i < 5; i++) places.push(placeOf((await run('where')).result));
    expect(new Set(places).size).toBe(1);
    expect(await counts()).toEqual({ maxWorkers: 4, workers: 1, busy: 0, jobs: 0, queued: 0, crashes: 0 });
  });

  it('are replaced after so many jobs', async () => {
    const { run } = await rig([task('where', { kind, recycle: { jobs: 2 } })]);
    const places = [];
    for (let i = 0; i < 6; i++) places.push(placeOf((await run('where')).result));
    expect(places[1]).toBe(places[0]);
    expect(places[3]).toBe(places[2]);
    expect(new Set(places).size).toBe(3);
  });

  it('are replaced when they hold so much memory', async () => {
    const { run } = await rig([task('holds', { kind, recycle: { memory: 60 } })]);
    const places = [];
    for (const megabytes of [1, 1, 150, 1]) places.push(placeOf((await run('holds', megabytes)).result));
    expect(places[2]).toBe(places[0]);
    expect(places[3]).not.toBe(places[0]);
  });

  it('end when they have nothing to do', async () => {
    const { run, counts } = await rig([task('where', { kind })], { pool: { idleAfter: 20 } });
    await run('where');
    await expect.poll(counts).toMatchObject({ workers: 0, crashes: 0 });
    expect((await run('where')).status).toBe('completed');
  });

  it('are as many as allowed, and the jobs beyond wait in the store', async () => {
    const { leviathan, add, ended, counts } = await rig([task('nap', { kind })], { pool: { maxWorkers: 2 } });
    const ids = await Promise.all(Array.from({ length: 6 }, (_, n) => add('nap', { ms: 300, n })));
    await expect.poll(counts).toMatchObject({ workers: 2, jobs: 2, queued: 0 });
    expect(await leviathan.counts()).toMatchObject({ active: 2, pending: 4 });
    const jobs = await Promise.all(ids.map(ended));
    expect(jobs.map(({ result }) => result)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('make room for those of another processor', async () => {
    const { leviathan, add, ended } = await rig([task('nap', { kind }), task('where', { kind })] as never, {
      pool: { maxWorkers: 1 },
    });
    const order: string[] = [];
    leviathan.on('completed', ({ type }) => order.push(type ?? ''));
    const ids = [
      await add('nap', { ms: 100, n: 1 }),
      await add('where'),
      await add('nap', { ms: 1, n: 2 }),
      await add('where'),
    ];
    const jobs = await Promise.all(ids.map(ended));
    expect(jobs.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'completed']);
    expect(order).toEqual(['nap', 'where', 'nap', 'where']);
  });

  it('start the time of a job when they have room for it', async () => {
    const { add, ended } = await rig([task('nap', { kind }), task('where', { kind })] as never, {
      pool: { maxWorkers: 1 },
    });
    const first = await add('nap', { ms: 1_500, n: 1 });
    const second = await add('where', null, { timeout: 1_000 });
    expect((await ended(first)).status).toBe('completed');
    expect((await ended(second)).status).toBe('completed');
  });

  it('are not waited for by a job that is cancelled', async () => {
    const { leviathan, add, ended, logged } = await rig([task('waits', { kind }), task('where', { kind })] as never, {
      pool: { maxWorkers: 1 },
    });
    const first = await add('waits');
    await logged(first, 'waits');
    const second = await add('where');
    await leviathan.cancel([second]);
    expect(await ended(second)).toMatchObject({ status: 'failed', reason: 'cancelled' });
    await leviathan.cancel([first]);
    await ended(first);
  });

  it('run 1,000 jobs at once, and the event loop goes on', async () => {
    const { leviathan, counts, ended } = await rig([task('finishes', { kind, jobsPerWorker: 500 })], {
      pool: { maxWorkers: 2 },
      worker: { concurrency: 1_000 },
    });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const ids = await addMany(leviathan, 'finishes', 1_000);
    await expect.poll(counts, { timeout: 20_000 }).toMatchObject({ workers: 2, jobs: 1_000, queued: 0 });
    delay.disable();
    await leviathan.cancel(ids);
    const done = await Promise.all(ids.map(ended));
    expect(new Set(done.map(({ result }) => result))).toEqual(new Set(['done all the same']));
    // Generous, for the machine that tests run on has other things to do: a benchmark measures it.
    expect(delay.percentile(99) / 1e6).toBeLessThan(1_000);
  });

  it('run 1,000 jobs, a worker one at a time', async () => {
    const { leviathan, counts, ended } = await rig([task('nap', { kind })], { worker: { concurrency: 1_000 } });
    const ids = await addMany(leviathan, 'nap', 1_000);
    const done = await Promise.all(ids.map(ended));
    expect(done.map(({ result }) => result)).toEqual(ids.map((_, n) => n));
    expect(await counts()).toMatchObject({ workers: 4, crashes: 0 });
  });

  describe('of several jobs', () => {
    const shared = { kind, jobsPerWorker: 3, killAfter: 100 };

    it('give the others time to end before one is killed that waits without end', async () => {
      const { leviathan, add, logged, ended, counts } = await rig([task('mixed', shared)], { pool: { maxWorkers: 1 } });
      const stubborn = await add('mixed', 'ignores');
      const quick = await add('mixed', 'heeds');
      await Promise.all([logged(stubborn, 'ignores'), logged(quick, 'heeds')]);
      await leviathan.cancel([stubborn]);
      await expect.poll(counts).toMatchObject({ workers: 1 });
      await leviathan.queue.cancel([quick]);
      expect(await ended(stubborn)).toMatchObject({ status: 'failed', reason: 'cancelled' });
      expect(messages(await ended(quick))).toEqual(['heeds', 'stops']);
    });

    it('put the others back, without an attempt spent, when the kill has to come', async () => {
      const { leviathan, add, logged, ended } = await rig([task('mixed', shared)], { pool: { maxWorkers: 1 } });
      const blocking = await add('mixed', 'ignores');
      const other = await add('mixed', 'second time');
      await Promise.all([logged(blocking, 'ignores'), logged(other, 'second time')]);
      await leviathan.cancel([blocking]);
      expect(await ended(blocking)).toMatchObject({ status: 'failed', reason: 'cancelled' });
      expect(await ended(other)).toMatchObject({
        status: 'completed',
        attempt: 1,
        metadata: { errors: [], retries: 0 },
      });
    });

    it('fail together when it dies', async () => {
      const { add, logged, ended, counts } = await rig([task('mixed', shared)], { pool: { maxWorkers: 1 } });
      const other = await add('mixed', 'ignores');
      await logged(other, 'ignores');
      const culprit = await add('mixed', 'exits');
      for (const id of [other, culprit]) {
        expect(await ended(id)).toMatchObject({ status: 'failed', reason: 'crashed' });
      }
      expect(await counts()).toMatchObject({ crashes: 1 });
    });
  });
});
