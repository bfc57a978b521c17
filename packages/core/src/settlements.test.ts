import { describe, expect, it } from 'vitest';
import { aborted, deferred, rig, task } from '../test/rig';
import { JobTooLargeError, StoreClosedError, StoreWriteError } from './errors';
import type { Settlement } from './store';

const full = new StoreWriteError('disk full', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));

describe('outcomes that the store cannot write', () => {
  it('are kept until it can, while other jobs run on', async () => {
    const runs: unknown[] = [];
    const note = task('note', ({ input }) => {
      runs.push(input);
      return input;
    });
    const { queue, worker, faults, errors, clock } = rig([note]);
    faults.fail('settle', full, 3);
    await worker.start();
    const first = await queue.add('note', 1);
    await clock.advance(100);
    const second = await queue.add('note', 2);
    await clock.advance(200);
    expect(worker.health()).toMatchObject({
      status: 'degraded',
      problems: ['The store takes no outcomes (2 wait): disk full'],
      details: { running: 0, unacknowledged: 2 },
    });
    expect(errors).toEqual([full, full, full]);
    await clock.advance(400);
    expect(await first.result()).toBe(1);
    expect(await second.result()).toBe(2);
    expect(runs).toEqual([1, 2]);
    expect(worker.health()).toMatchObject({ status: 'ok', details: { unacknowledged: 0 } });
  });

  it('bound how many more jobs are claimed', async () => {
    let runs = 0;
    const { queue, worker, faults, clock } = rig([task('count', () => void runs++)], {
      concurrency: 4,
      maxUnacknowledged: 6,
    });
    const open = faults.hold('settle');
    await worker.start();
    const jobs = Array.from({ length: 20 }, () => ({ type: 'count' as const, data: null }));
    const handles = await queue.addMany(jobs);
    await clock.settle();
    expect(runs).toBe(6);
    expect(worker.health()).toMatchObject({ details: { unacknowledged: 6, running: 0 } });
    open();
    await Promise.all(handles.map((handle) => handle.wait()));
    expect(runs).toBe(20);
  });

  it('are written before a stop resolves, without waiting for the next try', async () => {
    const { queue, worker, faults, clock } = rig([task('noop', () => 'done')]);
    faults.fail('settle', full, 1);
    await worker.start();
    const handle = await queue.add('noop', null);
    await clock.settle();
    expect(await handle.job()).toMatchObject({ status: 'active' });
    await worker.stop();
    expect(await handle.job()).toMatchObject({ status: 'completed', result: 'done' });
  });

  it('make a stop fail when the store does not recover, and say how many', async () => {
    const { queue, worker, faults, clock } = rig([task('noop', () => 'done')]);
    faults.judge('settle', () => full);
    await worker.start();
    await queue.addMany([
      { type: 'noop', data: null },
      { type: 'noop', data: null },
    ]);
    await clock.settle();
    const stopping = expect(worker.stop()).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.stringContaining('outcomes of 2 ended jobs'),
      cause: full,
    });
    await clock.advance(5_000);
    await stopping;
    expect(worker.health().status).toBe('stopped');
  });

  it('end with the store', async () => {
    const { queue, worker, faults, errors, clock } = rig([task('noop', () => 1)]);
    faults.fail('settle', new StoreClosedError());
    await worker.start();
    await queue.add('noop', null);
    await clock.settle();
    expect(errors).toEqual([expect.any(StoreClosedError)]);
    expect(worker.health().details).toMatchObject({ unacknowledged: 0 });
    await worker.stop();
  });
});

describe('an outcome that the store turns down', () => {
  it('fails its job for good, and no other of its batch', async () => {
    const { queue, worker, faults } = rig([task('echo', ({ input }) => input)]);
    faults.judge('settle', (batch: Settlement[]) =>
      batch.some((settlement) => settlement.outcome === 'completed' && settlement.result === 'big')
        ? new JobTooLargeError('The result', 99, 10)
        : undefined,
    );
    const inputs = ['a', 'b', 'big', 'c', 'd'];
    const handles = await queue.addMany(inputs.map((data) => ({ type: 'echo' as const, data })));
    await worker.start();
    const jobs = await Promise.all(handles.map((handle) => handle.wait()));
    expect(jobs.map(({ status }) => status)).toEqual(['completed', 'completed', 'failed', 'completed', 'completed']);
    expect(jobs[2]).toMatchObject({ reason: 'error', attempt: 1, metadata: { errors: [{ code: 'TOO_LARGE' }] } });
    expect(worker.health()).toMatchObject({ status: 'ok', details: { unacknowledged: 0 } });
  });

  it('is told as refused when the job was taken from the worker meanwhile', async () => {
    const gate = deferred();
    const { queue, worker, memory, clock } = rig([task('slow', () => gate.promise)], { concurrency: 1 });
    const refused: string[] = [];
    worker.on('refused', ({ id }) => refused.push(id));
    await worker.start();
    const handle = await queue.add('slow', null);
    await clock.settle();
    await queue.pause();
    await memory.takeBack(['w1'], 'crashed');
    gate.resolve();
    await clock.settle();
    expect(refused).toEqual([handle.id]);
    expect(await handle.job()).toMatchObject({ status: 'pending', metadata: { crashes: 1 } });
  });

  it('does no harm when it was written and only the answer was lost', async () => {
    const { queue, worker, memory, clock, errors } = rig([task('noop', () => 'done')]);
    const settle = memory.settle.bind(memory);
    const lost = new StoreWriteError('connection lost', undefined);
    memory.settle = async (batch) => {
      memory.settle = settle;
      await settle(batch);
      throw lost;
    };
    const refused: string[] = [];
    worker.on('refused', ({ id }) => refused.push(id));
    await worker.start();
    const handle = await queue.add('noop', null);
    await clock.advance(100);
    expect(await handle.wait()).toMatchObject({ status: 'completed', rev: 3 });
    expect(errors).toEqual([lost]);
    expect(refused).toEqual([]);
    expect(worker.health()).toMatchObject({ details: { unacknowledged: 0 } });
  });
});

describe('released jobs', () => {
  it('are handed in again, too, when the store could not write that', async () => {
    const { queue, worker, faults, clock } = rig([task('slow', ({ signal }) => aborted(signal))]);
    await worker.start();
    const handle = await queue.add('slow', null);
    await clock.settle();
    faults.fail('settle', full, 2);
    const stopping = worker.stop({ timeout: 0 });
    await clock.advance(1_000);
    await stopping;
    expect(await handle.job()).toMatchObject({ status: 'pending', attempt: 0 });
  });
});
