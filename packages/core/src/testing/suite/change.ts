import type { ChangeAction, ChangeResult, JobFilter } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

/** One job of each state: `pending`, `scheduled`, `active`, `completed` and `failed` are their ids. */
export async function oneOfEach(h: Harness): Promise<void> {
  await h.complete({ id: 'completed', tags: ['red'] });
  await h.fail({ id: 'failed', tags: ['red'] });
  await h.start({ id: 'active', tags: ['red'] });
  await h.addAll([
    { id: 'pending', tags: ['red'] },
    { id: 'scheduled', runAt: h.now() + 3_600_000 },
  ]);
}

const ALL = ['completed', 'failed', 'active', 'pending', 'scheduled'];

const change = (h: Harness, action: ChangeAction, ids: string[]): Promise<ChangeResult> =>
  h.store.change({ change: action, target: { ids } });

const skips = (result: ChangeResult): [reason: string, ids: string[]][] =>
  result.skipped.map((skip) => [skip.reason, skip.ids] as [string, string[]]).sort();

/** `change`: by ids or by a filter, for real or dry. */
export function changes(test: StoreTest): void {
  describe('change: cancel', () => {
    test('fails pending jobs, tells active ones to stop, and skips the others', async (h) => {
      await oneOfEach(h);
      const result = await change(h, { action: 'cancel' }, ALL);
      expect(result).toMatchObject({ dryRun: false, matched: 5, changed: 3 });
      expect([...result.ids].sort()).toEqual(['active', 'pending', 'scheduled']);
      expect(skips(result)).toEqual([
        ['completed', ['completed']],
        ['failed', ['failed']],
      ]);
      const [completed, failed, active, pending, scheduled] = await h.store.get(ALL);
      expect(completed?.status).toBe('completed');
      expect(failed?.reason).toBe('error');
      expect(active).toMatchObject({ status: 'active', cancelling: true });
      for (const job of [pending, scheduled]) {
        expect(job).toMatchObject({ status: 'failed', reason: 'cancelled', finished: expect.any(String) });
      }
      expect(await h.claim()).toEqual([]);
    });

    test('again on an active job changes nothing', async (h) => {
      const { job } = await h.start();
      await change(h, { action: 'cancel' }, [job.id]);
      const before = await h.job(job.id);
      const result = await change(h, { action: 'cancel' }, [job.id]);
      expect(result).toMatchObject({ matched: 1, changed: 0, ids: [], skipped: [{ reason: 'unchanged', count: 1 }] });
      expect(await h.job(job.id)).toEqual(before);
    });
  });

  describe('change: retry', () => {
    test('gives a failed job all its attempts anew, and keeps its history', async (h) => {
      let claimed = await h.start({ id: 'one', maxAttempts: 2, maxCrashes: 2, data: 'kept' });
      await h.store.takeBack(['w1'], 'crashed');
      claimed = await h.claimOne();
      await h.store.report([{ id: 'one', token: claimed.token, checkpoint: 'half way' }]);
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error' });
      await h.add({ id: 'two' });
      expect(await change(h, { action: 'retry' }, ['one'])).toMatchObject({
        matched: 1,
        changed: 1,
        ids: ['one'],
        skipped: [],
      });
      const job = await h.job('one');
      expect(job).toMatchObject({
        status: 'pending',
        attempt: 0,
        data: 'kept',
        metadata: { retries: 2, checkpoint: 'half way' },
      });
      expect(job.metadata.crashes ?? 0).toBe(0);
      expect(job.metadata.errors.map((error) => error.name)).toEqual(['CrashError', 'TypeError']);
      for (const key of ['reason', 'finished', 'result', 'runAt']) expect(Object.keys(job)).not.toContain(key);
      expect(await h.queue()).toEqual(['one', 'two']);
      for (const attempt of [1, 2]) {
        claimed = await h.claimOne();
        expect(claimed.job).toMatchObject({ id: 'one', attempt });
        await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      }
      expect((await h.job('one')).status).toBe('failed');
    });

    test('runs a scheduled job now, and skips what does not need or allow it', async (h) => {
      await oneOfEach(h);
      const result = await change(h, { action: 'retry' }, ALL);
      expect(result).toMatchObject({ matched: 5, changed: 2 });
      expect([...result.ids].sort()).toEqual(['failed', 'scheduled']);
      expect(skips(result)).toEqual([
        ['active', ['active']],
        ['completed', ['completed']],
        ['unchanged', ['pending']],
      ]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['failed', 'pending', 'scheduled']);
    });
  });

  describe('change: remove', () => {
    test('takes jobs out of the store, but none that runs', async (h) => {
      await oneOfEach(h);
      const result = await change(h, { action: 'remove' }, ALL);
      expect(result).toMatchObject({ matched: 5, changed: 4 });
      expect(skips(result)).toEqual([['active', ['active']]]);
      expect((await h.store.get(ALL)).map((job) => job?.id ?? null)).toEqual([null, null, 'active', null, null]);
      expect((await h.everything()).map((job) => job.id)).toEqual(['active']);
      expect(await h.store.counts()).toMatchObject({ pending: 0, active: 1, completed: 0, failed: 0 });
      expect(await h.store.explain(['pending'])).toEqual([null]);
      expect(await h.claim()).toEqual([]);
    });
  });

  describe('change: reprioritise', () => {
    test('moves pending jobs to their place of the new priority', async (h) => {
      await h.addAll([{ id: 'first' }, { id: 'second', priority: 7 }, { id: 'third' }]);
      const result = await change(h, { action: 'reprioritise', priority: 7 }, ['first']);
      expect(result).toMatchObject({ matched: 1, changed: 1, ids: ['first'] });
      expect((await h.job('first')).priority).toBe(7);
      expect(await h.queue()).toEqual(['third', 'first', 'second']);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['third', 'first', 'second']);
    });

    test('skips what is not pending', async (h) => {
      await oneOfEach(h);
      const result = await change(h, { action: 'reprioritise', priority: 1 }, ALL);
      expect(result).toMatchObject({ matched: 5, changed: 2 });
      expect(skips(result).map(([reason]) => reason)).toEqual(['active', 'completed', 'failed']);
    });
  });

  describe('change: edit', () => {
    test('replaces what the patch names, and nothing else', async (h) => {
      const id = await h.add({
        data: { a: 1, b: 2 },
        tags: ['red'],
        timeout: 5,
        backoff: { type: 'fixed', delay: 1 },
        key: 'k',
      });
      const runAt = h.now() + 3_600_000;
      const patch = {
        data: { c: 3 },
        priority: 2,
        runAt,
        tags: ['blue', 'green'],
        maxAttempts: 9,
        timeout: 77,
        backoff: { type: 'exponential' as const, delay: 10 },
      };
      const before = await h.job(id);
      expect(await change(h, { action: 'edit', patch }, [id])).toMatchObject({ matched: 1, changed: 1, ids: [id] });
      const after = await h.job(id);
      expect(after).toEqual({ ...before, ...patch, runAt: iso(runAt), updated: after.updated, rev: before.rev + 1 });
      expect(await h.claim()).toEqual([]);
    });

    test('takes optional fields away with null', async (h) => {
      const id = await h.add({
        timeout: 5,
        backoff: { type: 'fixed', delay: 1 },
        runAt: h.now() + 3_600_000,
        data: 'kept',
      });
      await change(h, { action: 'edit', patch: { timeout: null, backoff: null, runAt: null } }, [id]);
      const job = await h.job(id);
      for (const key of ['timeout', 'backoff', 'runAt']) expect(Object.keys(job)).not.toContain(key);
      expect(job.data).toBe('kept');
      expect((await h.claim()).map((claimed) => claimed.job.id)).toEqual([id]);
    });

    test('may set the data to null', async (h) => {
      const id = await h.add({ data: 'something' });
      await change(h, { action: 'edit', patch: { data: null } }, [id]);
      expect((await h.job(id)).data).toBeNull();
    });

    test('skips what is not pending', async (h) => {
      await oneOfEach(h);
      const before = await h.store.get(['completed', 'failed', 'active']);
      const result = await change(h, { action: 'edit', patch: { data: 'new' } }, ALL);
      expect(result).toMatchObject({ matched: 5, changed: 2 });
      expect(skips(result).map(([reason]) => reason)).toEqual(['active', 'completed', 'failed']);
      expect(await h.store.get(['completed', 'failed', 'active'])).toEqual(before);
    });

    test('keeps its own copy of the patch', async (h) => {
      const id = await h.add();
      const data = { list: [1] };
      await change(h, { action: 'edit', patch: { data } }, [id]);
      data.list.push(2);
      expect((await h.job(id)).data).toEqual({ list: [1] });
    });
  });

  describe('change by ids', () => {
    test('skips the ids that are not there', async (h) => {
      const id = await h.add();
      const result = await change(h, { action: 'cancel' }, ['gone-1', id, 'gone-2']);
      expect(result).toMatchObject({ matched: 3, changed: 1, ids: [id] });
      expect(result.skipped).toEqual([
        { reason: 'not-found', message: expect.any(String), count: 2, ids: ['gone-1', 'gone-2'] },
      ]);
    });

    test('has nothing to do for no ids', async (h) => {
      await h.add();
      expect(await change(h, { action: 'remove' }, [])).toEqual({
        dryRun: false,
        matched: 0,
        changed: 0,
        ids: [],
        skipped: [],
      });
    });

    test('names 1,000 changed and 20 skipped ids, and counts all', async (h) => {
      const ids = Array.from({ length: 1_200 }, (_, n) => `job-${n}`);
      await h.addAll(ids.map((id) => ({ id })));
      await h.claim({ limit: 30 });
      const result = await change(h, { action: 'remove' }, ids);
      expect(result).toMatchObject({ matched: 1_200, changed: 1_170, skipped: [{ reason: 'active', count: 30 }] });
      expect(result.ids).toHaveLength(1_000);
      expect(result.skipped[0]?.ids).toHaveLength(20);
      expect(await h.store.counts()).toMatchObject({ pending: 0, active: 30 });
    });
  });

  describe('change by a filter', () => {
    test('changes what fits, and only that', async (h) => {
      await oneOfEach(h);
      const result = await h.store.change({ change: { action: 'remove' }, target: { filter: { tags: ['red'] } } });
      expect(result).toMatchObject({ matched: 4, changed: 3 });
      expect([...result.ids].sort()).toEqual(['completed', 'failed', 'pending']);
      expect(skips(result)).toEqual([['active', ['active']]]);
      expect((await h.everything()).map((job) => job.id)).toEqual(['active', 'scheduled']);
    });

    test('changes more jobs than a page of a list holds', async (h) => {
      await h.addAll(Array.from({ length: 2_500 }, (_, n) => ({ type: n % 5 === 0 ? 'b' : 'a' })));
      const filter: JobFilter = { status: 'pending', type: 'a' };
      const result = await h.store.change({ change: { action: 'cancel' }, target: { filter } });
      expect(result).toMatchObject({ matched: 2_000, changed: 2_000, skipped: [] });
      expect(await h.store.counts()).toMatchObject({ pending: 500, failed: 2_000 });
    });

    test('may fit nothing', async (h) => {
      await h.add();
      expect(await h.store.change({ change: { action: 'cancel' }, target: { filter: { type: 'none' } } })).toEqual({
        dryRun: false,
        matched: 0,
        changed: 0,
        ids: [],
        skipped: [],
      });
    });
  });

  describe('a dry run', () => {
    const actions: ChangeAction[] = [
      { action: 'cancel' },
      { action: 'retry' },
      { action: 'remove' },
      { action: 'reprioritise', priority: 1 },
      { action: 'edit', patch: { data: 'new', priority: 9, runAt: null } },
    ];
    for (const action of actions) {
      test(`of ${action.action} changes nothing, and says what the run will do`, async (h) => {
        await oneOfEach(h);
        const before = await h.everything();
        const counts = await h.store.counts();
        const recorder = await h.record();
        const request = { change: action, target: { ids: [...ALL, 'gone'] } };
        const dry = await h.store.change({ ...request, dryRun: true });
        expect(await h.everything()).toEqual(before);
        expect(await h.store.counts()).toEqual(counts);
        expect(await h.queue()).toEqual(['pending', 'scheduled']);
        expect(await h.recorded(recorder)).toEqual([]);
        const real = await h.store.change(request);
        expect(real.changed).toBeGreaterThan(0);
        expect({ ...real, dryRun: true }).toMatchObject(dry);
        expect(await h.everything()).not.toEqual(before);
      });
    }
  });
}
