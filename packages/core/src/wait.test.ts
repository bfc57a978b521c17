import { describe, expect, it } from 'vitest';
import { deferred, rig, task } from '../test/rig';
import { JobNotFoundError, StoreClosedError, StoreError, WaitTimeoutError } from './errors';

const echo = task('echo', ({ input }) => input);
const failing = task('failing', () => {
  throw new Error('no');
});

describe('waiting for a job', () => {
  it('gives the finished job, completed or failed, whether it ends before or after the wait began', async () => {
    const { queue, worker } = rig([echo, failing]);
    const early = await queue.add('echo', 1);
    const waiting = early.wait();
    await worker.start();
    expect(await waiting).toMatchObject({ id: early.id, status: 'completed', result: 1 });
    expect(await early.wait()).toMatchObject({ status: 'completed' });
    const failed = await queue.add('failing', null, { attempts: 1 });
    expect(await queue.wait(failed.id)).toMatchObject({ status: 'failed' });
  });

  it('outlasts failed attempts', async () => {
    const flaky = task('flaky', ({ attempt }) => {
      if (attempt < 3) throw new Error('again');
      return attempt;
    });
    const { queue, worker, clock } = rig([flaky]);
    await worker.start();
    const handle = await queue.add('flaky', null, { backoff: { type: 'fixed', delay: 1_000 } });
    let ended = false;
    const waiting = handle.wait().finally(() => {
      ended = true;
    });
    await clock.advance(1_999);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await waiting).toMatchObject({ status: 'completed', result: 3 });
  });

  it('goes on when the job was retried by hand before the wait looked', async () => {
    const gate = deferred();
    const twice = task('twice', async ({ job }) => {
      if (job.metadata.retries === 0) throw new Error('first');
      await gate.promise;
      return 'second';
    });
    const { queue, worker, faults, clock } = rig([twice]);
    await worker.start();
    const handle = await queue.add('twice', null, { attempts: 1 });
    const open = faults.hold('get');
    const waiting = handle.wait();
    await clock.settle();
    await queue.retry(handle.id);
    open();
    await clock.settle();
    gate.resolve();
    expect(await waiting).toMatchObject({ status: 'completed', result: 'second' });
  });

  it('rejects when there is no such job, or it is removed', async () => {
    const { queue } = rig([echo]);
    await expect(queue.wait('nothing')).rejects.toThrow(JobNotFoundError);
    const handle = await queue.add('echo', 1);
    const waiting = expect(handle.wait()).rejects.toThrow(JobNotFoundError);
    await handle.remove();
    await waiting;
  });

  it('gives up at its timeout or by its signal, and the job goes on', async () => {
    const { queue, clock } = rig([echo]);
    const handle = await queue.add('echo', 1);
    const waiting = expect(handle.wait({ timeout: 5_000 })).rejects.toThrow(WaitTimeoutError);
    await clock.advance(5_000);
    await waiting;
    const reason = new Error('not interested');
    const controller = new AbortController();
    const aborted = expect(handle.wait({ signal: controller.signal })).rejects.toBe(reason);
    controller.abort(reason);
    await aborted;
    await expect(handle.wait({ signal: controller.signal })).rejects.toBe(reason);
    expect(await handle.job()).toMatchObject({ status: 'pending' });
  });

  it('leaves no timer and no subscription behind', async () => {
    const { queue, worker, faults, clock, memory } = rig([echo]);
    const closed: string[] = [];
    const subscribe = memory.subscribe.bind(memory);
    memory.subscribe = async (options, listener) => {
      const subscription = await subscribe(options, listener);
      return {
        seq: subscription.seq,
        close: () => {
          closed.push(String(options.kinds));
          return subscription.close();
        },
      };
    };
    await worker.start();
    const before = clock.pending;
    const subscriptions = faults.calls('subscribe').length;
    for (let i = 0; i < 5; i++) await (await queue.add('echo', i)).wait({ timeout: 60_000 });
    expect(faults.calls('subscribe')).toHaveLength(subscriptions + 1);
    expect(closed).toEqual([]);
    await clock.advance(1_000);
    expect(closed).toEqual(['completed,failed,removed,reset']);
    expect(clock.pending).toBeLessThanOrEqual(before + 2); // the store's own: its sweep, and the end of its memory of events
  });

  it('shares one subscription and few reads among many waits', async () => {
    const { queue, worker, faults } = rig([echo], { concurrency: 100 });
    const handles = await queue.addMany(Array.from({ length: 2_500 }, (_, i) => ({ type: 'echo' as const, data: i })));
    const before = faults.calls('subscribe').length;
    const waiting = Promise.all(handles.map((handle) => handle.result()));
    await worker.start();
    expect(await waiting).toEqual(handles.map((_, i) => i));
    expect(faults.calls('subscribe').length - before).toBe(2); // the waits', and the worker's
    const reads = faults.calls('get').map((ids) => (ids as string[]).length);
    expect(Math.max(...reads)).toBeLessThanOrEqual(1_000);
    expect(reads.length).toBeLessThan(60);
  });

  it('gives each of several waits for one job a copy of its own', async () => {
    const { queue, worker } = rig([echo]);
    const handle = await queue.add('echo', { n: 1 });
    const waiting = Promise.all([handle.wait(), handle.wait(), handle.wait()]);
    await worker.start();
    const [one, two, three] = await waiting;
    (one.data as { n: number }).n = 2;
    expect([two.data, three.data]).toEqual([{ n: 1 }, { n: 1 }]);
    expect(two).not.toBe(three);
  });

  it('reads the state again when events were lost', async () => {
    const { queue, worker, memory, clock } = rig([echo]);
    const subscribe = memory.subscribe.bind(memory);
    let tell: Parameters<typeof subscribe>[1] = () => {};
    memory.subscribe = (options, listener) => {
      if (!options.kinds?.includes('completed')) return subscribe(options, listener);
      tell = listener;
      return subscribe({ ids: ['nothing-of-interest'] }, () => {});
    };
    const handle = await queue.add('echo', 'x');
    const waiting = handle.result();
    await clock.settle();
    await worker.start();
    await clock.settle();
    expect(await handle.job()).toMatchObject({ status: 'completed' });
    tell([{ seq: 1, at: '', kind: 'reset' }]);
    expect(await waiting).toBe('x');
  });

  it('rejects when the store cannot be listened to or read; the next wait tries again', async () => {
    const { queue, worker, faults } = rig([echo]);
    const handle = await queue.add('echo', 1);
    faults.fail('subscribe', new StoreError('BROKEN', 'no events'));
    await expect(handle.wait()).rejects.toThrow('no events');
    faults.fail('get', new StoreError('BROKEN', 'no jobs'));
    await expect(handle.wait()).rejects.toThrow('no jobs');
    await worker.start();
    expect(await handle.result()).toBe(1);
  });

  it('rejects when the queue closes', async () => {
    const { queue } = rig([echo]);
    const handle = await queue.add('echo', 1);
    const waiting = expect(handle.wait()).rejects.toThrow(StoreClosedError);
    await queue.close();
    await waiting;
    await expect(handle.wait()).rejects.toThrow(StoreClosedError);
  });
});
