import { ValidationError } from '../../errors';
import { describe, expect } from '../vitest-api';
import { BOOM, iso } from './harness';
import type { StoreTest } from './store-test';

/** `expiresAt`: a job that waits too long fails. */
export function expiry(test: StoreTest): void {
  const timed = test.needing('expiry', 'fake-clock');

  describe('a job that expires', () => {
    timed('fails when it still waits at its time, and is not claimed', async (h) => {
      const at = h.now() + 1_000;
      const id = await h.add({ expiresAt: at });
      await h.pass(999);
      expect(await h.job(id)).toMatchObject({ status: 'pending', expiresAt: iso(at) });
      await h.pass(1);
      expect(await h.claim()).toEqual([]);
      const job = await h.job(id);
      expect(job).toMatchObject({ status: 'failed', reason: 'expired', attempt: 0, finished: iso(at) });
      expect(job.metadata.errors).toMatchObject([{ code: 'EXPIRED', message: expect.stringContaining(iso(at)) }]);
      const [explained] = await h.store.explain([id]);
      expect(explained?.sentence).toContain('(expired)');
    });

    timed('is told as a failure, without anybody asking', async (h) => {
      const recorder = await h.record({ kinds: ['failed', 'paused'] });
      const id = await h.add({ expiresAt: h.now() + 1_000 });
      await h.pass(1_000);
      expect(await h.recorded(recorder)).toMatchObject([{ kind: 'failed', id, reason: 'expired' }]);
    });

    timed('expires wherever it waits: scheduled, blocked, paused', async (h) => {
      const expiresAt = h.now() + 1_000;
      await h.add({ id: 'parent', runAt: h.now() + 3_600_000 });
      await h.store.pause(true, { type: 'paused' });
      await h.addAll([
        { id: 'blocked', dependsOn: ['parent'], expiresAt },
        { id: 'paused', type: 'paused', expiresAt },
        { id: 'scheduled', runAt: h.now() + 999, expiresAt },
      ]);
      await h.pass(1_000);
      const reasons = (await h.store.get(['blocked', 'paused', 'scheduled'])).map((job) => job?.reason);
      expect(reasons).toEqual(['expired', 'expired', 'expired']);
    });

    timed('runs on when it was started before, and expires if it has to wait again', async (h) => {
      const claimed = await h.start({ expiresAt: h.now() + 1_000 });
      await h.pass(2_000);
      expect((await h.job(claimed.job.id)).status).toBe('active');
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 10 });
      await h.pass(1);
      expect(await h.job(claimed.job.id)).toMatchObject({ status: 'failed', reason: 'expired', attempt: 1 });
    });

    timed('completes when it was started before', async (h) => {
      const claimed = await h.start({ expiresAt: h.now() + 1_000 });
      await h.pass(2_000);
      await h.settle(claimed, { outcome: 'completed' });
      expect((await h.job(claimed.job.id)).status).toBe('completed');
    });

    timed('may be given more time, or all of it', async (h) => {
      const expiresAt = h.now() + 1_000;
      await h.addAll([
        { id: 'more', expiresAt },
        { id: 'ever', expiresAt },
      ]);
      const edit = (id: string, time: number | null) =>
        h.store.change({ change: { action: 'edit', patch: { expiresAt: time } }, target: { ids: [id] } });
      await edit('more', h.now() + 5_000);
      await edit('ever', null);
      await h.pass(1_000);
      expect((await h.store.get(['more', 'ever'])).map((job) => job?.status)).toEqual(['pending', 'pending']);
      expect((await h.job('ever')).expiresAt).toBeUndefined();
      await h.pass(4_000);
      expect((await h.store.get(['more', 'ever'])).map((job) => job?.status)).toEqual(['failed', 'pending']);
    });

    timed('does not expire again when somebody retries it', async (h) => {
      const id = await h.add({ expiresAt: h.now() + 1_000 });
      await h.pass(1_000);
      await h.store.change({ change: { action: 'retry' }, target: { ids: [id] } });
      await h.pass(60_000);
      expect((await h.claimOne()).job.id).toBe(id);
      expect((await h.job(id)).expiresAt).toBeUndefined();
    });

    timed('takes others along: many at once, and none of them starts', async (h) => {
      const expiresAt = h.now() + 1_000;
      await h.addAll(Array.from({ length: 2_500 }, () => ({ expiresAt })));
      const last = await h.add();
      await h.pass(1_000);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual([last]);
      expect((await h.store.counts()).failed).toBe(2_500);
    });

    test.needing(
      'expiry',
      'dependencies',
      'fake-clock',
    )('makes room at once for one that may run without it, in the turn that its priority gives it', async (h) => {
      const at = h.now() + 1_000;
      await h.add({ id: 'parent', type: 'never', expiresAt: at });
      const waits = { type: 'b', dependsOn: ['parent'], onParentFailed: 'continue' as const };
      await h.add({ id: 'urgent', ...waits, runAt: at - 500, priority: 1 });
      await h.add({ id: 'beside', type: 'b', runAt: at });
      const waiting = h.store.claim({ worker: 'w1', limit: 1, types: { b: 1 }, wait: true });
      await h.pass(1_000);
      expect((await waiting).map(({ job }) => job.id)).toEqual(['urgent']);
    });

    timed('wakes no one up for a key: the key is free', async (h) => {
      await h.add({ key: 'k', expiresAt: h.now() + 1_000 });
      await h.pass(1_000);
      expect(await h.store.add([{ type: 'a', data: 1, key: 'k' }])).toMatchObject([{ added: true }]);
    });

    test.needing(
      'expiry',
      'fake-clock',
      'persistence',
    )('expires after a restart, also while nothing was open', async (h) => {
      const expiresAt = h.now() + 1_000;
      await h.addAll([
        { id: 'soon', expiresAt },
        { id: 'late', expiresAt: h.now() + 10_000 },
      ]);
      await h.store.close();
      await h.pass(2_000);
      await h.reopen();
      await h.pass(10);
      expect((await h.job('soon')).reason).toBe('expired');
      expect((await h.job('late')).status).toBe('pending');
      await h.pass(10_000);
      expect((await h.job('late')).reason).toBe('expired');
    });

    test.needing('expiry')('must not do so before it may run', async (h) => {
      const adding = h.store.add([{ type: 'a', data: 1, runAt: h.now() + 10_000, expiresAt: h.now() + 9_000 }]);
      await expect(adding).rejects.toBeInstanceOf(ValidationError);
      await expect(adding).rejects.toMatchObject({ issues: [{ path: ['expiresAt'] }] });
    });
  });
}
