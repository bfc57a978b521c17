import { describe, expect } from '../vitest-api';
import { BOOM } from './harness';
import type { StoreTest } from './store-test';

/** `takeBack`: what becomes of the jobs of a worker that left, in order or by death. */
export function takeBack(test: StoreTest): void {
  describe('takeBack crashed', () => {
    test('makes the jobs of these workers ready again, and counts the crash', async (h) => {
      await h.addAll([{ id: 'one' }, { id: 'two' }, { id: 'three' }, { id: 'four' }]);
      await h.claim({ worker: 'dead-1', limit: 1 });
      await h.claim({ worker: 'alive', limit: 1 });
      await h.claim({ worker: 'dead-2', limit: 1 });
      expect(await h.store.takeBack(['dead-1', 'dead-2', 'never-there'], 'crashed')).toBe(2);
      const [one, two, three] = await h.everything();
      expect(one).toMatchObject({
        status: 'pending',
        attempt: 1,
        metadata: { crashes: 1, retries: 1, errors: [{ attempt: 1, name: 'CrashError', code: 'CRASHED' }] },
      });
      expect(Object.keys(one ?? {})).not.toContain('runAt');
      expect(two).toMatchObject({ status: 'active', worker: 'alive' });
      expect(three).toMatchObject({ status: 'pending', metadata: { crashes: 1 } });
      expect(await h.queue()).toEqual(['one', 'three', 'four']);
      expect(await h.store.takeBack(['dead-1', 'dead-2'], 'crashed')).toBe(0);
    });

    test('does not count against the attempts', async (h) => {
      const { job } = await h.start({ maxAttempts: 2, maxCrashes: 10 });
      for (let crashes = 1; crashes <= 3; crashes++) {
        await h.store.takeBack(['w1'], 'crashed');
        const { job: again } = await h.claimOne();
        expect(again).toMatchObject({ attempt: crashes + 1, metadata: { crashes } });
      }
      await h.store.takeBack(['w1'], 'crashed');
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect((await h.job(job.id)).status).toBe('pending');
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect(await h.job(job.id)).toMatchObject({
        status: 'failed',
        reason: 'error',
        attempt: 6,
        metadata: { crashes: 4, retries: 5 },
      });
    });

    test('fails a job that keeps killing its process', async (h) => {
      const { job } = await h.start({ maxCrashes: 2, maxAttempts: 100 });
      expect(await h.store.takeBack(['w1'], 'crashed')).toBe(1);
      expect((await h.job(job.id)).status).toBe('pending');
      await h.claimOne();
      expect(await h.store.takeBack(['w1'], 'crashed')).toBe(1);
      const dead = await h.job(job.id);
      expect(dead).toMatchObject({ status: 'failed', reason: 'crashed', attempt: 2, metadata: { crashes: 2 } });
      expect(dead.metadata.errors.map((error) => [error.attempt, error.code])).toEqual([
        [1, 'CRASHED'],
        [2, 'CRASHED'],
      ]);
      expect(dead.finished).toEqual(expect.any(String));
    });

    test('fails a job that was being cancelled as cancelled', async (h) => {
      const { job } = await h.start();
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [job.id] } });
      expect(await h.store.takeBack(['w1'], 'crashed')).toBe(1);
      expect(await h.job(job.id)).toMatchObject({ status: 'failed', reason: 'cancelled' });
    });

    test('leaves what the worker still holds', async (h) => {
      await h.addAll([{ id: 'kept' }, { id: 'lost' }]);
      const [kept, lost] = await h.claim({ worker: 'w1' });
      expect(await h.store.takeBack(['w1'], 'crashed', { keep: [kept?.token ?? '', 'invented'] })).toBe(1);
      expect((await h.everything()).map((job) => job.status)).toEqual(['active', 'pending']);
      const outcome = 'completed' as const;
      const results = await h.store.settle([
        { id: 'kept', token: kept?.token ?? '', outcome },
        { id: 'lost', token: lost?.token ?? '', outcome },
      ]);
      expect(results.map((result) => result.accepted)).toEqual([true, false]);
    });
  });

  describe('takeBack released', () => {
    test('makes the jobs ready again with no attempt spent and no crash counted', async (h) => {
      const late = await h.start({ id: 'one', maxAttempts: 1 });
      await h.add({ id: 'two' });
      expect(await h.store.takeBack(['w1'], 'released')).toBe(1);
      const job = await h.job('one');
      expect(job).toMatchObject({ status: 'pending', attempt: 0, metadata: { retries: 0, errors: [] } });
      expect(job.metadata.crashes ?? 0).toBe(0);
      expect(await h.queue()).toEqual(['one', 'two']);
      const [result] = await h.store.settle([{ id: 'one', token: late.token, outcome: 'completed' }]);
      expect(result).toEqual({ id: 'one', accepted: false, status: 'pending' });
    });

    test('fails a job that was being cancelled as cancelled', async (h) => {
      const { job } = await h.start();
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [job.id] } });
      await h.store.takeBack(['w1'], 'released');
      expect(await h.job(job.id)).toMatchObject({ status: 'failed', reason: 'cancelled' });
    });

    test('leaves what the worker still holds', async (h) => {
      await h.addAll([{ id: 'kept' }, { id: 'lost' }]);
      const [kept] = await h.claim({ worker: 'w1' });
      expect(await h.store.takeBack(['w1'], 'released', { keep: [kept?.token ?? ''] })).toBe(1);
      expect((await h.everything()).map((job) => job.status)).toEqual(['active', 'pending']);
    });

    test('takes a job back once, however often its worker is named', async (h) => {
      const { job } = await h.start();
      const recorder = await h.record();
      expect(await h.store.takeBack(['w1', 'w1', 'w1'], 'crashed')).toBe(1);
      expect(await h.job(job.id)).toMatchObject({ status: 'pending', rev: 3, metadata: { crashes: 1, retries: 1 } });
      expect((await h.recorded(recorder)).map(({ kind }) => kind)).toEqual(['crashed']);
    });

    test('has nothing to do for no workers', async (h) => {
      await h.start();
      expect(await h.store.takeBack([], 'released')).toBe(0);
      expect((await h.store.counts()).active).toBe(1);
    });
  });
}
