import { MAX_ERRORS } from '../../job';
import type { ClaimedJob, Settlement } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type End, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';
import { HARD_VALUES } from './values';

const failed = (retryIn?: number): End => ({
  outcome: 'failed',
  error: BOOM,
  reason: 'error',
  ...(retryIn === undefined ? {} : { retryIn }),
});

/** `settle`: how an attempt ends, and which ends do not count. */
export function settle(test: StoreTest): void {
  describe('settle completed', () => {
    test('keeps the result', async (h) => {
      const claimed = await h.start();
      const { id } = claimed.job;
      const results = await h.store.settle([{ id, token: claimed.token, outcome: 'completed', result: { bytes: 7 } }]);
      expect(results).toEqual([{ id, accepted: true, status: 'completed' }]);
      const job = await h.job(id);
      expect(job).toMatchObject({
        status: 'completed',
        result: { bytes: 7 },
        attempt: 1,
        worker: 'w1',
        metadata: { progress: 100 },
      });
      expect(job.finished).toEqual(expect.any(String));
      if (h.controlsTime) expect(job).toMatchObject({ finished: iso(h.now()), updated: iso(h.now()) });
      expect(job.rev).toBe(claimed.job.rev + 1);
      expect(Object.keys(job)).not.toContain('reason');
      expect(await h.claim()).toEqual([]);
    });

    test('has no result where there was none, and null where it was null', async (h) => {
      const none = await h.start();
      await h.settle(none, { outcome: 'completed' });
      expect(Object.keys(await h.job(none.job.id))).not.toContain('result');
      const nothing = await h.start();
      await h.settle(nothing, { outcome: 'completed', result: null });
      expect((await h.job(nothing.job.id)).result).toBeNull();
    });

    test('gives back any result as it was', async (h) => {
      const claimed = await h.start();
      const result = HARD_VALUES.map(([, value]) => value);
      await h.settle(claimed, { outcome: 'completed', result });
      expect(JSON.stringify((await h.job(claimed.job.id)).result)).toBe(JSON.stringify(result));
    });
  });

  describe('settle failed', () => {
    test('without retryIn fails for good, whatever attempts are left', async (h) => {
      const claimed = await h.start({ maxAttempts: 10 });
      const { id } = claimed.job;
      const [result] = await h.store.settle([{ id, token: claimed.token, ...failed() }]);
      expect(result).toEqual({ id, accepted: true, status: 'failed' });
      const job = await h.job(id);
      expect(job).toMatchObject({ status: 'failed', reason: 'error', attempt: 1, metadata: { retries: 0 } });
      expect(job.metadata.errors).toEqual([{ at: job.finished, attempt: 1, ...BOOM }]);
      if (h.controlsTime) expect(job.finished).toBe(iso(h.now()));
    });

    for (const reason of ['error', 'timeout', 'cancelled', 'expired'] as const) {
      test(`keeps the reason ${reason}`, async (h) => {
        const claimed = await h.start();
        await h.settle(claimed, { outcome: 'failed', error: { name: 'Error', message: '' }, reason });
        const job = await h.job(claimed.job.id);
        expect(job).toMatchObject({ status: 'failed', reason, metadata: { errors: [{ name: 'Error', message: '' }] } });
      });
    }

    test('with retryIn 0 is ready again at once, at its old place', async (h) => {
      const claimed = await h.start({ id: 'first' });
      await h.add({ id: 'second' });
      const [result] = await h.store.settle([{ id: 'first', token: claimed.token, ...failed(0) }]);
      expect(result).toEqual({ id: 'first', accepted: true, status: 'pending' });
      const job = await h.job('first');
      expect(job).toMatchObject({
        status: 'pending',
        attempt: 1,
        metadata: { retries: 1, errors: [{ attempt: 1, ...BOOM }] },
      });
      for (const key of ['runAt', 'finished', 'reason', 'result']) expect(Object.keys(job)).not.toContain(key);
      expect((await h.claim()).map((next) => [next.job.id, next.job.attempt])).toEqual([
        ['first', 2],
        ['second', 1],
      ]);
    });

    test('with retryIn waits that long', async (h) => {
      const claimed = await h.start();
      const at = h.now();
      await h.settle(claimed, failed(80));
      const job = await h.job(claimed.job.id);
      expect(job).toMatchObject({ status: 'pending', metadata: { retries: 1 } });
      if (h.controlsTime) expect(job.runAt).toBe(iso(at + 80));
      expect((await h.store.counts()).waiting).toMatchObject({ scheduled: 1, ready: 0 });
      const again = h.claimOne();
      await h.pass(80);
      const retried = (await again).job;
      expect(retried).toMatchObject({ id: job.id, attempt: 2 });
      expect(Object.keys(retried)).not.toContain('runAt');
      expect(Date.parse(retried.started ?? '')).toBeGreaterThanOrEqual(Date.parse(job.runAt ?? ''));
    });

    test('fails for good when the attempts are used up', async (h) => {
      let claimed = await h.start({ maxAttempts: 3 });
      for (const attempt of [1, 2]) {
        expect(claimed.job.attempt).toBe(attempt);
        await h.settle(claimed, failed(0));
        claimed = await h.claimOne();
      }
      await h.settle(claimed, failed(0));
      const job = await h.job(claimed.job.id);
      expect(job).toMatchObject({ status: 'failed', reason: 'error', attempt: 3, metadata: { retries: 2 } });
      expect(job.metadata.errors.map((error) => error.attempt)).toEqual([1, 2, 3]);
      expect(await h.claim()).toEqual([]);
    });

    test(`keeps the newest ${MAX_ERRORS} errors`, async (h) => {
      let claimed = await h.start({ maxAttempts: 100 });
      for (let attempt = 1; attempt <= MAX_ERRORS + 3; attempt++) {
        await h.settle(claimed, {
          outcome: 'failed',
          error: { name: 'Error', message: `no. ${attempt}` },
          reason: 'error',
          retryIn: 0,
        });
        claimed = await h.claimOne();
      }
      const newest = Array.from({ length: MAX_ERRORS }, (_, n) => n + 4);
      expect(claimed.job.metadata.errors.map((error) => [error.attempt, error.message])).toEqual(
        newest.map((n) => [n, `no. ${n}`]),
      );
      expect(claimed.job.metadata.retries).toBe(MAX_ERRORS + 3);
    });
  });

  describe('settle released', () => {
    test('goes back to its old place with no attempt spent', async (h) => {
      const claimed = await h.start({ id: 'first', maxAttempts: 1 });
      await h.add({ id: 'second' });
      const [result] = await h.store.settle([{ id: 'first', token: claimed.token, outcome: 'released' }]);
      expect(result).toEqual({ id: 'first', accepted: true, status: 'pending' });
      expect(await h.job('first')).toMatchObject({
        status: 'pending',
        attempt: 0,
        metadata: { retries: 0, errors: [] },
      });
      const again = await h.claimOne();
      expect(again.job).toMatchObject({ id: 'first', attempt: 1 });
      await h.settle(again, failed(0));
      expect((await h.job('first')).status).toBe('failed');
    });
  });

  describe('settle released for a time', () => {
    test.needing('fake-clock')('keeps the job from starting so long, with no attempt spent', async (h) => {
      const before = h.now();
      const claimed = await h.start({ id: 'early', maxAttempts: 1 });
      const [result] = await h.store.settle([
        { id: 'early', token: claimed.token, outcome: 'released', delay: 60_000 },
      ]);
      expect(result).toEqual({ id: 'early', accepted: true, status: 'pending' });
      const job = await h.job('early');
      expect(job).toMatchObject({ status: 'pending', attempt: 0, metadata: { retries: 0, errors: [] } });
      expect(Date.parse(job.runAt ?? '')).toBe(before + 60_000);
      await h.pass(59_999);
      expect(await h.claim()).toEqual([]);
      await h.pass(1);
      const again = await h.claimOne();
      expect(again.job).toMatchObject({ id: 'early', attempt: 1 });
      await h.settle(again, failed(0));
      expect((await h.job('early')).status).toBe('failed');
    });
  });

  describe('settle a job that is being cancelled', () => {
    const cancelling = async (h: Harness): Promise<ClaimedJob> => {
      const claimed = await h.start({ maxAttempts: 5 });
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [claimed.job.id] } });
      expect(await h.job(claimed.job.id)).toMatchObject({ status: 'active', cancelling: true });
      return claimed;
    };

    test('completed: the work was done all the same', async (h) => {
      const claimed = await cancelling(h);
      await h.settle(claimed, { outcome: 'completed', result: 1 });
      const job = await h.job(claimed.job.id);
      expect(job).toMatchObject({ status: 'completed', result: 1 });
      expect(job.cancelling ?? false).toBe(false);
    });

    for (const end of [failed(0), failed(), { outcome: 'released' } as const]) {
      const what = `${end.outcome}${'retryIn' in end ? ' with a retry' : ''}`;
      test(`${what}: failed as cancelled`, async (h) => {
        const claimed = await cancelling(h);
        const [result] = await h.store.settle([{ id: claimed.job.id, token: claimed.token, ...end }]);
        expect(result).toMatchObject({ accepted: true, status: 'failed' });
        const job = await h.job(claimed.job.id);
        expect(job).toMatchObject({ status: 'failed', reason: 'cancelled', finished: expect.any(String) });
        expect(job.cancelling ?? false).toBe(false);
        expect(await h.claim()).toEqual([]);
      });
    }
  });

  describe('settle with a token that is not the running attempt’s', () => {
    const ends: End[] = [{ outcome: 'completed', result: 'late' }, failed(0), failed(), { outcome: 'released' }];

    for (const end of ends) {
      test(`is refused and changes nothing: ${end.outcome}${'retryIn' in end ? ' with a retry' : ''}`, async (h) => {
        const late = await h.start({}, 'dead');
        const { id } = late.job;
        await h.store.takeBack(['dead'], 'crashed');
        const waiting = await h.job(id);
        expect(await h.store.settle([{ id, token: late.token, ...end }])).toEqual([
          { id, accepted: false, status: 'pending' },
        ]);
        expect(await h.job(id)).toEqual(waiting);

        const running = await h.claimOne({ worker: 'alive' });
        expect(await h.store.settle([{ id, token: late.token, ...end }])).toEqual([
          { id, accepted: false, status: 'active' },
        ]);
        expect(await h.job(id)).toEqual(running.job);

        await h.settle(running, { outcome: 'completed', result: 'in time' });
        const done = await h.job(id);
        expect(await h.store.settle([{ id, token: late.token, ...end }])).toEqual([
          { id, accepted: false, status: 'completed' },
        ]);
        expect(await h.job(id)).toEqual(done);
      });
    }

    test('is refused for tokens that never were, other jobs’ tokens and jobs that are not there', async (h) => {
      const one = await h.start({ id: 'one' });
      const two = await h.start({ id: 'two' });
      const removed = await h.complete({ id: 'removed' });
      await h.store.change({ change: { action: 'remove' }, target: { ids: [removed] } });
      const outcome = 'completed' as const;
      expect(
        await h.store.settle([
          { id: 'one', token: 'invented', outcome },
          { id: 'one', token: '', outcome },
          { id: 'one', token: two.token, outcome },
          { id: 'removed', token: one.token, outcome },
          { id: 'never-there', token: one.token, outcome },
        ]),
      ).toEqual([
        { id: 'one', accepted: false, status: 'active' },
        { id: 'one', accepted: false, status: 'active' },
        { id: 'one', accepted: false, status: 'active' },
        { id: 'removed', accepted: false },
        { id: 'never-there', accepted: false },
      ]);
      expect(await h.store.get(['one', 'two'])).toEqual([one.job, two.job]);
    });
  });

  describe('settle again', () => {
    const ends: End[] = [
      { outcome: 'completed', result: 1 },
      failed(0),
      failed(60_000),
      failed(),
      { outcome: 'released' },
    ];
    for (const end of ends) {
      const what = end.outcome === 'failed' ? `failed, retryIn ${end.retryIn ?? 'left out'}` : end.outcome;
      test(`is accepted and changes nothing, for those who lost the answer: ${what}`, async (h) => {
        const { job, token } = await h.start();
        const settlement = { id: job.id, token, ...end };
        const first = await h.store.settle([settlement]);
        const after = await h.job(job.id);
        const recorder = await h.record();
        expect(await h.store.settle([settlement])).toEqual(first);
        expect(await h.job(job.id)).toEqual(after);
        expect(await h.recorded(recorder)).toEqual([]);
      });
    }

    test('with another outcome changes nothing', async (h) => {
      const { job, token } = await h.start();
      await h.store.settle([{ id: job.id, token, outcome: 'completed', result: 1 }]);
      const after = await h.job(job.id);
      const [result] = await h.store.settle([{ id: job.id, token, ...failed(0) }]);
      expect(result).toMatchObject({ id: job.id, accepted: false, status: 'completed' });
      expect(await h.job(job.id)).toEqual(after);
    });
  });

  describe('settle a batch', () => {
    test('answers in its order, each for itself', async (h) => {
      await h.addAll([{ id: 'one' }, { id: 'two' }, { id: 'three' }]);
      const [one, two, three] = (await h.claim()).map(({ token }) => token);
      const results = await h.store.settle([
        { id: 'three', token: three ?? '', outcome: 'released' },
        { id: 'gone', token: two ?? '', outcome: 'completed' },
        { id: 'two', token: two ?? '', ...failed() },
        { id: 'one', token: one ?? '', outcome: 'completed', result: 1 },
      ]);
      expect(results).toEqual([
        { id: 'three', accepted: true, status: 'pending' },
        { id: 'gone', accepted: false },
        { id: 'two', accepted: true, status: 'failed' },
        { id: 'one', accepted: true, status: 'completed' },
      ]);
      expect((await h.everything()).map((job) => job.status)).toEqual(['completed', 'failed', 'pending']);
    });

    test('tells the state that it left, not what others make of it later', async (h) => {
      const { job, token } = await h.start();
      const settling = h.store.settle([{ id: job.id, token, outcome: 'released' }]);
      const [claimed] = await Promise.all([h.claim({ worker: 'w2' }), settling]);
      // Whichever came first.
      const status = claimed.length > 0 ? 'pending' : (await h.job(job.id)).status;
      expect(await settling).toEqual([{ id: job.id, accepted: true, status }]);
    });

    test('takes the same settlement twice as it does in two calls', async (h) => {
      const { job, token } = await h.start();
      const end = { id: job.id, token, outcome: 'completed' as const, result: 1 };
      const other = { id: job.id, token, ...failed(0) };
      expect(await h.store.settle([end, end, other])).toEqual([
        { id: job.id, accepted: true, status: 'completed' },
        { id: job.id, accepted: true, status: 'completed' },
        { id: job.id, accepted: false, status: 'completed' },
      ]);
      expect(await h.job(job.id)).toMatchObject({ status: 'completed', result: 1, attempt: 1 });

      const first = await h.start();
      await h.settle(first, failed(0));
      const second = await h.claimOne();
      const [now, before] = [second, first].map(({ token: of }) => ({ id: first.job.id, token: of, ...failed(0) }));
      expect(await h.store.settle([before, now, before] as Settlement[])).toMatchObject([
        { accepted: true },
        { accepted: true },
        { accepted: false },
      ]);
    });

    test('may be empty, or large', async (h) => {
      expect(await h.store.settle([])).toEqual([]);
      await h.addAll(Array.from({ length: 1_000 }, () => ({})));
      const claimed = await h.claim({ limit: 1_000 });
      const results = await h.store.settle(
        claimed.map(({ job, token }) => ({ id: job.id, token, outcome: 'completed' as const })),
      );
      expect(results.filter((result) => result.accepted)).toHaveLength(1_000);
      expect(await h.store.counts()).toMatchObject({ pending: 0, active: 0, completed: 1_000, failed: 0 });
    });
  });
}
