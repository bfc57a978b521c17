import { describe, expect, it } from 'vitest';
import { deferred, rig, task } from '../../test/rig';
import { StoreClosedError, StoreWriteError } from '../errors';
import type { ClaimRequest } from '../store';
import type { Middleware } from './middleware';

const noop = task('noop', () => 'done');

function workerWith(middleware: Middleware, concurrency = 2) {
  return rig([noop], { middleware: [middleware], concurrency });
}

describe('middleware around claim', () => {
  it('sees the request and the jobs, and may hold the worker back', async () => {
    const gate = deferred();
    const seen: unknown[] = [];
    const { queue, worker, clock } = workerWith({
      async claim(request, next) {
        seen.push(request.limit);
        await gate.promise;
        const jobs = await next();
        seen.push(jobs.map(({ job }) => job.type));
        return jobs;
      },
    });
    await worker.start();
    const handle = await queue.add('noop', null);
    await clock.settle();
    expect((await handle.job())?.status).toBe('pending');
    gate.resolve();
    expect(await handle.result()).toBe('done');
    expect(seen).toEqual([2, ['noop'], 2]);
  });

  it('may ask for fewer jobs, and never for more than there is room for', async () => {
    const asked: (number | Record<string, number> | undefined)[] = [];
    const { queue, worker, clock, faults } = workerWith({
      claim(request, next) {
        const changed = {
          ...request,
          limit: 1_000,
          worker: 'somebody else',
          types: { noop: 1, foreign: 5 },
          wait: false,
        };
        return next(changed);
      },
    });
    await worker.start();
    await queue.add('noop', null);
    await clock.settle();
    for (const call of faults.calls('claim') as ClaimRequest[]) {
      expect(call).toMatchObject({ worker: 'w1', wait: true, types: { noop: 1 } });
      asked.push(call.limit);
    }
    expect(asked).toEqual([2, 2]);
  });

  it('is reported when it throws before the store was asked; the worker tries again later', async () => {
    let faults = 3;
    const { queue, worker, clock, errors } = workerWith({
      name: 'gate',
      claim(_, next) {
        if (faults-- > 0) throw Object.assign(new Error('no key'), { code: 'CLOSED' });
        return next();
      },
    });
    await worker.start();
    const handle = await queue.add('noop', null);
    await clock.settle();
    expect(errors).toMatchObject([
      { code: 'MIDDLEWARE', step: 'claim', message: expect.stringContaining('gate failed: no key') },
    ]);
    expect(worker.health()).toMatchObject({ status: 'degraded' });
    await clock.advance(700);
    expect(await handle.result()).toBe('done');
    expect(errors).toHaveLength(3);
    expect(worker.health()).toMatchObject({ status: 'ok' });
  });

  it('is reported when it throws afterwards, and what was claimed runs', async () => {
    const { queue, worker, errors } = workerWith({
      async claim(_, next) {
        await next();
        throw new Error('no ink');
      },
    });
    await worker.start();
    const handle = await queue.add('noop', null);
    expect(await handle.result()).toBe('done');
    expect(errors).toMatchObject([{ code: 'MIDDLEWARE', cause: { message: 'no ink' } }]);
  });

  it('gives back what it leaves out, without an attempt spent, and pauses when that is all', async () => {
    let refuses = true;
    const { queue, worker, clock, kinds } = workerWith({
      claim: async (_, next) => {
        const jobs = await next();
        return refuses ? [] : jobs;
      },
    });
    await worker.start();
    const { id } = await queue.add('noop', null);
    await clock.settle();
    expect(kinds(id)).toEqual(['added', 'started', 'released']);
    expect(await queue.get(id)).toMatchObject({ status: 'pending', attempt: 0 });
    await clock.advance(1_000);
    expect(kinds(id).filter((kind) => kind === 'released')).toHaveLength(2);
    refuses = false;
    await clock.advance(1_000);
    expect(await queue.get(id)).toMatchObject({ status: 'completed', attempt: 1 });
  });

  it('pauses when it does not ask at all', async () => {
    let calls = 0;
    const { worker, clock } = workerWith({
      claim: () => {
        calls++;
        return [];
      },
    });
    await worker.start();
    await clock.settle();
    expect(calls).toBe(1);
    await clock.advance(2_000);
    expect(calls).toBe(3);
  });

  it('leaves failures of the store to the worker, also when it hides them', async () => {
    const hides: Middleware = { claim: (_, next) => next().catch(() => []) };
    const { queue, worker, faults, clock, errors } = workerWith(hides);
    const full = new StoreWriteError('disk full', undefined);
    faults.fail('claim', full);
    await worker.start();
    await clock.settle();
    expect(errors).toEqual([full]);
    await clock.advance(100);
    await (await queue.add('noop', null)).wait();
    expect(worker.health()).toMatchObject({ status: 'ok' });

    const closing = workerWith(hides);
    closing.faults.fail('claim', new StoreClosedError());
    await closing.worker.start();
    await closing.clock.settle();
    expect(closing.worker.health()).toMatchObject({ status: 'failed' });
  });

  it('claims nothing once a layer further out has given up', async () => {
    const gate = deferred();
    const outer: Middleware = {
      claim: (_, next) => {
        void next();
        throw new Error('no time');
      },
    };
    const inner: Middleware = { claim: (_, next) => gate.promise.then(() => next()) };
    const { queue, worker, clock, faults } = rig([noop], { middleware: [outer, inner] });
    await worker.start();
    await queue.add('noop', null);
    gate.resolve();
    await clock.settle();
    expect(faults.calls('claim')).toEqual([]);
  });

  it('is told to stop waiting when the worker stops', async () => {
    const { worker, clock, errors } = workerWith({
      claim: (_, next, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(next()), { once: true })),
    });
    await worker.start();
    await clock.settle();
    await worker.stop();
    expect(errors).toEqual([]);
  });
});
