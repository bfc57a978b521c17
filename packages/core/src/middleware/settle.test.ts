import { describe, expect, it } from 'vitest';
import { deferred, rig, task } from '../../test/rig';
import { StoreClosedError, StoreWriteError } from '../errors';
import type { Settlement } from '../store';
import type { Middleware } from './middleware';

const once = { defaults: { attempts: 1 } };
const good = task('good', () => ({ n: 1 }));
const bad = task(
  'bad',
  () => {
    throw new Error('it broke');
  },
  once,
);

function workerWith(...settles: NonNullable<Middleware['settle']>[]) {
  return rig([good, bad], { middleware: settles.map((settle, i) => ({ name: `layer ${i}`, settle })) });
}

describe('middleware around settle', () => {
  it('sees each outcome, and what the store said of it', async () => {
    const seen: unknown[] = [];
    const { queue, worker } = workerWith(async (settlement, next) => {
      seen.push(settlement.outcome);
      const result = await next();
      seen.push(result.status);
      return result;
    });
    await worker.start();
    const [one, two] = await queue.addMany([
      { type: 'good', data: null },
      { type: 'bad', data: null },
    ]);
    await Promise.all([one.wait(), two.wait()]);
    await worker.stop();
    expect(seen.toSorted()).toEqual(['completed', 'completed', 'failed', 'failed']);
  });

  it('may change it, but not whose it is', async () => {
    const { queue, worker } = workerWith((settlement, next) =>
      settlement.outcome === 'completed'
        ? next({ ...settlement, id: 'other', token: 'forged', result: 'changed' })
        : next({ ...settlement, outcome: 'completed', result: 'forgiven' } as Settlement),
    );
    await worker.start();
    expect(await (await queue.add('good', null)).result()).toBe('changed');
    expect(await (await queue.add('bad', null)).result()).toBe('forgiven');
  });

  it.each<[string, NonNullable<Middleware['settle']>, string]>([
    [
      'throws',
      () => {
        throw new Error('no ink');
      },
      'layer 0 failed: no ink',
    ],
    [
      'rejects after it changed what it got',
      async (settlement) => {
        (settlement as { result: unknown }).result = 'half done';
        throw new Error('no ink');
      },
      'layer 0 failed: no ink',
    ],
    ['returns without next()', () => ({ id: 'x', accepted: true }), 'did not call next()'],
    ['passes on nothing', (_, next) => next(null as never), 'no outcome'],
    [
      'passes on a result that is no JSON',
      (s, next) => next({ ...s, result: (() => 1) as never } as Settlement),
      'no JSON',
    ],
    ['passes on half a failure', (s, next) => next({ ...s, outcome: 'failed' } as Settlement), 'without an error'],
  ])('settles the outcome as it was when a layer %s', async (_, settle, message) => {
    const { queue, worker, errors } = workerWith(settle);
    await worker.start();
    expect(await (await queue.add('good', null)).result()).toEqual({ n: 1 });
    await worker.stop();
    expect(errors).toMatchObject([{ code: 'MIDDLEWARE', step: 'settle', message: expect.stringContaining(message) }]);
  });

  it('is reported when it throws after the store has the outcome', async () => {
    const { queue, worker, errors } = workerWith(async (_, next) => {
      await next();
      throw new Error('no ink');
    });
    await worker.start();
    expect(await (await queue.add('good', null)).result()).toEqual({ n: 1 });
    await worker.stop();
    expect(errors).toMatchObject([{ code: 'MIDDLEWARE', cause: { message: 'no ink' } }]);
  });

  it('is passed over when it takes too long, and can settle nothing then', async () => {
    const gate = deferred();
    const { queue, worker, clock, errors, kinds } = workerWith(async (settlement, next) => {
      await gate.promise;
      return next({ ...settlement, result: 'too late' } as Settlement);
    });
    await worker.start();
    const handle = await queue.add('good', null);
    await clock.advance(2_999);
    expect((await handle.job())?.status).toBe('active');
    expect(worker.health()).toMatchObject({ details: { running: 0, unacknowledged: 1 } });
    await clock.advance(1);
    expect(await handle.result()).toEqual({ n: 1 });
    gate.resolve();
    await worker.stop();
    expect(kinds(handle.id)).not.toContain('refused');
    expect(errors).toMatchObject([{ message: expect.stringContaining('within 3000 ms') }]);
  });

  it('keeps a stopping worker until the outcome is with the store', async () => {
    const { queue, worker, clock, errors } = workerWith(() => new Promise(() => {}));
    await worker.start();
    const handle = await queue.add('good', null);
    await clock.settle();
    const stopped = worker.stop();
    await clock.advance(3_000);
    await stopped;
    expect(await handle.job()).toMatchObject({ status: 'completed', result: { n: 1 } });
    expect(errors).toHaveLength(1);
  });

  it('waits as long as the store cannot write', async () => {
    const { queue, worker, clock, faults } = workerWith((_, next) => next());
    faults.fail('settle', new StoreWriteError('disk full', undefined), 2);
    await worker.start();
    const handle = await queue.add('good', null);
    await clock.advance(5_000);
    expect(await handle.result()).toEqual({ n: 1 });
  });

  it('keeps no worker from stopping once the store is closed', async () => {
    const { queue, worker, clock, faults, errors } = workerWith((_, next) => next());
    faults.fail('settle', new StoreClosedError());
    await worker.start();
    await queue.addMany([
      { type: 'good', data: null },
      { type: 'good', data: null },
    ]);
    await clock.settle();
    expect(worker.health()).toMatchObject({ details: { unacknowledged: 0 } });
    await worker.stop();
    expect(errors).toMatchObject([{ code: 'CLOSED' }]);
  });

  it('counts against what may be unacknowledged', async () => {
    let runs = 0;
    const gate = deferred();
    const { queue, worker, clock } = rig([task('count', () => void runs++)], {
      middleware: [{ settle: (_, next) => gate.promise.then(() => next()) }],
      maxUnacknowledged: 3,
    });
    await worker.start();
    await queue.addMany(Array.from({ length: 5 }, () => ({ type: 'count' as const, data: null })));
    await clock.settle();
    expect(runs).toBe(3);
    gate.resolve();
    await clock.settle();
    expect(runs).toBe(5);
  });

  it('hears a failure that the store made of a result that it cannot keep', async () => {
    const seen: unknown[] = [];
    const big = task('big', () => 'x'.repeat(5_000));
    const { queue, worker } = rig([big], {
      maxJobBytes: 1_000,
      middleware: [
        {
          settle: async (_, next) => {
            const result = await next();
            seen.push(result);
            return result;
          },
        },
      ],
    });
    await worker.start();
    const { id } = await queue.add('big', null);
    await queue.wait(id);
    await worker.stop();
    expect(seen).toMatchObject([{ id, accepted: true, status: 'failed' }]);
  });
});
