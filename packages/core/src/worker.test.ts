import { describe, expect, it } from 'vitest';
import { aborted, deferred, rig, task } from '../test/rig';
import { ShutdownError, StoreClosedError, StoreWriteError, UnrecoverableError, ValidationError } from './errors';
import { MemoryStore } from './memory-store';
import type { FakeClock } from './testing/fake-clock';
import { Worker } from './worker';

describe('a worker', () => {
  it('runs the jobs that were added before and after its start, best first', async () => {
    const order: unknown[] = [];
    const { queue, worker } = rig([task('note', ({ input }) => void order.push(input))], { concurrency: 1 });
    await queue.addMany([
      { type: 'note', data: 'last', options: { priority: 9 } },
      { type: 'note', data: 'middle' },
      { type: 'note', data: 'first', options: { priority: 1 } },
    ]);
    await worker.start();
    await (await queue.add('note', 'after', { priority: 10 })).wait();
    expect(order).toEqual(['first', 'middle', 'last', 'after']);
  });

  it('never runs more at once than its concurrency, of all types and of each', async () => {
    let running = 0;
    let most = 0;
    const ofType = { one: 0, two: 0 };
    const mostOfType = { one: 0, two: 0 };
    const gates: (() => void)[] = [];
    const run = (type: 'one' | 'two') => async () => {
      most = Math.max(most, ++running);
      mostOfType[type] = Math.max(mostOfType[type], ++ofType[type]);
      const gate = deferred();
      gates.push(gate.resolve);
      await gate.promise;
      running--;
      ofType[type]--;
    };
    const one = task('one', run('one'), { concurrency: 2 });
    const { queue, worker, clock } = rig([one, task('two', run('two'))], { concurrency: 5 });
    await worker.start();
    const jobs = Array.from({ length: 20 }, (_, i) => ({
      type: i < 12 ? ('two' as const) : ('one' as const),
      data: i,
    }));
    const handles = await queue.addMany(jobs);
    for (let ended = 0; ended < jobs.length; ) {
      await clock.settle();
      expect(worker.running).toBe(running);
      expect(gates.length).toBeGreaterThan(0);
      for (const open of gates.splice(0, 1)) open();
      ended++;
    }
    await Promise.all(handles.map((handle) => handle.wait()));
    expect({ most, mostOfType }).toEqual({ most: 5, mostOfType: { one: 2, two: 5 } });
  });

  it('has one claim outstanding at most, and claims anew only when a type that it left out has room', async () => {
    const gates = { limited: deferred(), free: deferred() };
    const limited = task('limited', () => gates.limited.promise, { concurrency: 1 });
    const free = task('free', () => gates.free.promise);
    const { queue, worker, faults, clock } = rig([limited, free], { concurrency: 4 });
    await worker.start();
    await queue.addMany([
      { type: 'limited', data: 1 },
      { type: 'limited', data: 2 },
      { type: 'free', data: 3 },
    ]);
    await clock.settle();
    const before = faults.calls('claim').length;
    expect(faults.calls('claim').at(-1)).toMatchObject({ limit: 2, types: { free: 4 } });
    gates.free.resolve();
    await clock.settle();
    expect(faults.calls('claim')).toHaveLength(before);
    gates.limited.resolve();
    await clock.settle();
    expect(faults.calls('claim').length).toBeGreaterThan(before);
    expect(await queue.counts()).toMatchObject({ completed: 3, active: 0 });
  });

  it('runs 1,000 jobs at once', async () => {
    const gate = deferred();
    const { queue, worker, clock } = rig([task('wait', () => gate.promise)], { concurrency: 1_000 });
    await worker.start();
    const handles = await queue.addMany(Array.from({ length: 1_500 }, (_, i) => ({ type: 'wait' as const, data: i })));
    await clock.settle();
    expect(worker.running).toBe(1_000);
    gate.resolve();
    const jobs = await Promise.all(handles.map((handle) => handle.wait()));
    expect(jobs.every(({ status, attempt }) => status === 'completed' && attempt === 1)).toBe(true);
    expect(worker.running).toBe(0);
  });

  it('shares a store with others: each job runs once', async () => {
    const runs = new Map<unknown, number>();
    const count = task('count', async ({ input }) => {
      runs.set(input, (runs.get(input) ?? 0) + 1);
      await Promise.resolve();
    });
    const { queue, worker, memory, clock } = rig([count], { concurrency: 3 });
    const other = new Worker({ store: memory, processors: [count], clock, name: 'w2', concurrency: 4 });
    await Promise.all([worker.start(), other.start()]);
    const handles = await queue.addMany(Array.from({ length: 200 }, (_, i) => ({ type: 'count' as const, data: i })));
    const jobs = await Promise.all(handles.map((handle) => handle.wait()));
    expect([...runs.values()]).toEqual(Array.from({ length: 200 }, () => 1));
    expect(new Set(jobs.map((job) => job.worker))).toEqual(new Set(['w1', 'w2']));
    await other.stop();
  });

  it('batches: the outcomes of one turn of the event loop are one call', async () => {
    const { queue, worker, faults } = rig([task('noop', async () => {})], { concurrency: 100 });
    const handles = await queue.addMany(Array.from({ length: 300 }, () => ({ type: 'noop' as const, data: null })));
    await worker.start();
    await Promise.all(handles.map((handle) => handle.wait()));
    const sizes = faults.calls('settle').map((batch) => (batch as unknown[]).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(300);
    expect(sizes.length).toBeLessThanOrEqual(3);
  });

  it('learns of a cancellation that comes before the answer to its claim', async () => {
    let runs = 0;
    const { queue, worker, faults, memory, clock } = rig([task('never', () => runs++)]);
    await worker.start();
    await clock.settle();
    // The store gave the job away, but the answer is still on its way when somebody cancels.
    const claim = memory.claim.bind(memory);
    const answer = deferred();
    memory.claim = async (...args) => {
      const jobs = await claim(...args);
      await answer.promise;
      return jobs;
    };
    await (await queue.add('never', null)).wait();
    const handle = await queue.add('never', null);
    await clock.settle();
    await handle.cancel();
    await clock.settle();
    answer.resolve();
    expect(await handle.wait()).toMatchObject({ status: 'failed', reason: 'cancelled', attempt: 1 });
    expect(runs).toBe(1);
    expect(faults.calls('claim').length).toBeGreaterThan(1);
  });

  it('reads the state again when cancellations may have been missed', async () => {
    const { queue, worker, memory, clock } = rig([task('slow', ({ signal }) => aborted(signal))]);
    const subscribe = memory.subscribe.bind(memory);
    let tell: Parameters<typeof subscribe>[1] = () => {};
    memory.subscribe = (options, listener) => {
      if (options.worker === undefined) return subscribe(options, listener);
      tell = listener;
      return subscribe({ ...options, ids: ['nothing-of-interest'] }, () => {});
    };
    await worker.start();
    const [cancelled, other] = await queue.addMany([
      { type: 'slow', data: null },
      { type: 'slow', data: null },
    ]);
    await clock.settle();
    await cancelled.cancel();
    await clock.settle();
    expect(worker.running).toBe(2);
    tell([{ seq: 0, at: '', kind: 'reset' }]);
    expect(await cancelled.wait()).toMatchObject({ status: 'failed', reason: 'cancelled' });
    expect(await other.job()).toMatchObject({ status: 'active' });
  });

  it('refuses settings and processors that make no sense, naming each', () => {
    const store = new MemoryStore();
    const make = (settings: object) => () => new Worker({ store, processors: [task('a', () => 1)], ...settings });
    expect(make({ concurrency: 0, stuckAfter: Number.NaN })).toThrow(/concurrency: .*; stuckAfter: /);
    expect(make({ maxUnacknowledged: 1.5 })).toThrow(ValidationError);
    expect(make({ processors: [task('a', () => 1), task('a', () => 2)] })).toThrow(/\[1\]\.type: there is another/);
  });

  it('without processors claims nothing, and still starts and stops', async () => {
    const { worker, faults, clock } = rig([]);
    await worker.start();
    await clock.settle();
    expect(faults.calls('claim')).toEqual([]);
    await worker.stop();
    expect(worker.health().status).toBe('stopped');
  });
});

describe('a worker whose store fails', () => {
  it('reports it, tries again later and later, and goes on', async () => {
    const { queue, worker, faults, errors, clock } = rig([task('noop', () => 1)]);
    const broken = new StoreWriteError('disk full', undefined);
    faults.fail('claim', broken, 3);
    await worker.start();
    const handle = await queue.add('noop', null);
    await clock.advance(100 + 200);
    expect(worker.health()).toMatchObject({ status: 'degraded', problems: ['The store gives no jobs: disk full'] });
    expect(errors).toEqual([broken, broken, broken]);
    await clock.advance(400);
    expect(await handle.result()).toBe(1);
    expect(worker.health()).toMatchObject({ status: 'ok', problems: [] });
  });

  it('cannot start, and may be started again', async () => {
    const { queue, worker, faults } = rig([task('noop', () => 1)]);
    faults.fail('open', new StoreWriteError('read-only', undefined));
    await expect(worker.start()).rejects.toThrow('read-only');
    expect(worker.health().status).toBe('stopped');
    await worker.start();
    expect(await (await queue.add('noop', null)).result()).toBe(1);
  });

  it('has failed when the store was closed under it', async () => {
    const { worker, memory, errors, clock } = rig([task('noop', () => 1)]);
    await worker.start();
    await clock.settle();
    await memory.close();
    await clock.settle();
    expect(errors).toEqual([expect.any(StoreClosedError)]);
    expect(worker.health()).toMatchObject({
      status: 'failed',
      problems: ['The store gives no jobs: The store is closed.'],
    });
    await worker.stop();
  });

  it('tells its logger, and survives a logger and listeners that throw', async () => {
    const lines: string[] = [];
    const logger = {
      warn: (line: string) => lines.push(line),
      error: (line: string) => {
        lines.push(line);
        throw new Error('logging failed');
      },
    };
    const { queue, worker, faults, clock } = rig([task('noop', () => 1)], { logger });
    worker.on('error', () => {
      throw new Error('again');
    });
    faults.fail('claim', new StoreWriteError('disk full', undefined));
    await worker.start();
    await clock.advance(100);
    expect(await (await queue.add('noop', null)).result()).toBe(1);
    expect(lines).toEqual(['worker w1: disk full']);
  });
});

describe('stopping a worker', () => {
  it('lets running jobs end, starts no others, and resolves when their outcomes are with the store', async () => {
    const gate = deferred<string>();
    const { queue, worker, clock, memory } = rig([task('slow', () => gate.promise)], { concurrency: 1 });
    await worker.start();
    const [first, second] = await queue.addMany([
      { type: 'slow', data: 1 },
      { type: 'slow', data: 2 },
    ]);
    await clock.settle();
    let stopped = false;
    const stopping = worker.stop({ timeout: 60_000 }).then(() => {
      stopped = true;
    });
    await clock.advance(59_000);
    expect(stopped).toBe(false);
    gate.resolve('done');
    await stopping;
    const [one, two] = await memory.get([first.id, second.id]);
    expect(one).toMatchObject({ status: 'completed', result: 'done' });
    expect(two).toMatchObject({ status: 'pending', attempt: 0 });
    expect(worker.health().status).toBe('stopped');
  });

  it('aborts handlers at the deadline with a ShutdownError and gives their jobs back without an attempt spent', async () => {
    const reasons: unknown[] = [];
    const slow = task('slow', async ({ signal }) => {
      await aborted(signal).catch((reason) => {
        reasons.push(reason);
        throw new Error('interrupted');
      });
    });
    const { queue, worker, clock, kinds } = rig([slow]);
    await worker.start();
    const handle = await queue.add('slow', null);
    await clock.settle();
    const stopping = worker.stop({ timeout: 5_000 });
    await clock.advance(4_999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    await stopping;
    expect(reasons).toEqual([new ShutdownError()]);
    expect(await handle.job()).toMatchObject({ status: 'pending', attempt: 0, metadata: { retries: 0, errors: [] } });
    expect(kinds(handle.id)).toEqual(['added', 'started', 'released']);
  });

  it('accepts what handlers still finish after the abort, and failures they are sure of', async () => {
    const finishing = task('finishing', ({ signal }) => aborted(signal).catch(() => 'saved'));
    const sure = task('sure', ({ signal }) =>
      aborted(signal).catch(() => Promise.reject(new UnrecoverableError('no'))),
    );
    const { queue, worker, clock } = rig([finishing, sure]);
    await worker.start();
    const handles = [await queue.add('finishing', null), await queue.add('sure', null)];
    await clock.settle();
    const stopping = worker.stop({ timeout: 0 });
    await clock.advance(0);
    await stopping;
    expect(await handles[0]?.job()).toMatchObject({ status: 'completed', result: 'saved' });
    expect(await handles[1]?.job()).toMatchObject({ status: 'failed', reason: 'error' });
  });

  it('gives aborted handlers a whole second, however short the patience with others', async () => {
    const saving = task('saving', ({ signal }) =>
      aborted(signal).catch(() => new Promise<string>((resolve) => void clock.after(900, () => resolve('saved')))),
    );
    const parts = rig([saving], { stuckAfter: 10 });
    const clock: FakeClock = parts.clock;
    await parts.worker.start();
    const handle = await parts.queue.add('saving', null);
    await clock.settle();
    const stopping = parts.worker.stop({ timeout: 0 });
    await clock.advance(900);
    await stopping;
    expect(await handle.job()).toMatchObject({ status: 'completed', result: 'saved' });
  });

  it('gives up handlers that ignore the abort after another second: released, or by their earlier abort', async () => {
    const gate = deferred();
    const { queue, worker, clock } = rig([task('deaf', () => gate.promise)], { stuckAfter: 60_000 });
    const stuck: string[] = [];
    worker.on('stuck', ({ reason }) => stuck.push(reason));
    await worker.start();
    const [plain, timed, cancelled] = await queue.addMany([
      { type: 'deaf', data: null },
      { type: 'deaf', data: null, options: { timeout: 10, attempts: 1 } },
      { type: 'deaf', data: null },
    ]);
    await clock.advance(10);
    await cancelled.cancel();
    await clock.settle();
    const stopping = worker.stop({ timeout: 100 });
    await clock.advance(1_100);
    await stopping;
    expect(await plain.job()).toMatchObject({ status: 'pending', attempt: 0 });
    expect(await timed.job()).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(await cancelled.job()).toMatchObject({ status: 'failed', reason: 'cancelled' });
    expect(stuck.sort()).toEqual(['cancelled', 'shutdown', 'timeout']);
  });

  it('gives back jobs that an aborted claim still brought', async () => {
    let runs = 0;
    const { queue, worker, memory, clock } = rig([task('never', () => runs++)]);
    const claim = memory.claim.bind(memory);
    const answer = deferred();
    memory.claim = async (...args) => {
      const jobs = await claim(...args);
      await answer.promise;
      return jobs;
    };
    await worker.start();
    const handle = await queue.add('never', null);
    await clock.settle();
    expect(await handle.job()).toMatchObject({ status: 'active' });
    const stopping = worker.stop();
    answer.resolve();
    await stopping;
    expect(await handle.job()).toMatchObject({ status: 'pending', attempt: 0 });
    expect(runs).toBe(0);
  });

  it('under load loses nothing: every job is completed or pending, none ran in vain', async () => {
    let completed = 0;
    const busy = task('busy', async ({ signal }) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      completed++;
    });
    const { queue, worker, clock } = rig([busy], { concurrency: 50 });
    await worker.start();
    await queue.addMany(Array.from({ length: 5_000 }, (_, i) => ({ type: 'busy' as const, data: i })));
    while (completed < 500) await clock.settle(1);
    const stopping = worker.stop({ timeout: 0 });
    await clock.advance(0);
    await stopping;
    const counts = await queue.counts();
    expect(counts).toMatchObject({ active: 0, failed: 0, completed });
    expect(counts.pending).toBe(5_000 - completed);
    const { jobs } = await queue.list({ filter: { status: 'pending' }, limit: 1_000 });
    expect(jobs.every(({ attempt }) => attempt === 0)).toBe(true);
  });

  it('is harmless twice, before the start, and during it; there is no start after it', async () => {
    const { worker } = rig([task('noop', () => 1)]);
    const starting = worker.start();
    await Promise.all([worker.stop(), worker.stop()]);
    await starting;
    await expect(worker.start()).rejects.toMatchObject({ code: 'STOPPED' });
    const never = rig([task('noop', () => 1)]);
    await never.worker.stop();
    expect(never.worker.health().status).toBe('stopped');
  });

  it('tells the store that the worker is gone', async () => {
    const { queue, worker } = rig([task('noop', () => 1)]);
    await worker.start();
    await worker.stop();
    const handle = await queue.add('noop', null);
    expect((await queue.explain(handle.id))?.causes).toContainEqual({ code: 'no-worker', type: 'noop' });
  });

  it('shows a handler how the jobs ended that it depends on', async () => {
    const seen: unknown[] = [];
    const { queue, worker } = rig([
      task('part', ({ input }) => {
        if (input === 'bad') throw new UnrecoverableError('spoilt');
        return { part: input };
      }),
      task('sum', async ({ job, parents }) => {
        // What a handler does to its job is its own affair.
        job.dependsOn?.reverse();
        for (const parent of await parents()) seen.push([parent?.status, parent?.result ?? parent?.reason]);
      }),
      task('alone', async ({ parents }) => void seen.push(await parents())),
    ]);
    await queue.addMany([
      { type: 'part', data: 1, options: { id: 'one' } },
      { type: 'part', data: 'bad', options: { id: 'two' } },
      { type: 'sum', data: null, options: { id: 'sum', dependsOn: ['one', 'two'], onParentFailed: 'continue' } },
    ]);
    await worker.start();
    await queue.wait('sum');
    await (await queue.add('alone', null)).wait();
    expect(seen).toEqual([['completed', { part: 1 }], ['failed', 'error'], []]);
  });
});
