import { ValidationError } from '../../errors';
import type { CrashPolicy, JobSpec } from '../../job';
import type { ChangeAction, ChangeResult } from '../../store';
import { describe, expect } from '../vitest-api';
import type { Harness } from './harness';
import type { StoreTest } from './store-test';

async function crash(h: Harness, spec: Partial<JobSpec>): Promise<string> {
  const { job } = await h.start(spec);
  await h.store.takeBack(['w1'], 'crashed');
  return job.id;
}

const change = (h: Harness, action: ChangeAction['action'], id: string): Promise<ChangeResult> =>
  h.store.change({ change: { action } as ChangeAction, target: { ids: [id] } });

/** `onCrash`: what becomes of a job whose process died. */
export function crashPolicies(test: StoreTest): void {
  const able = test.needing('crash-policies');

  describe('a job whose process died', () => {
    able('is pending again, unless it says otherwise', async (h) => {
      const id = await crash(h, { onCrash: 'resume' });
      expect(await h.job(id)).toMatchObject({ status: 'pending', metadata: { crashes: 1 } });
      expect((await h.job(id)).onCrash).toBeUndefined();
      expect((await h.claimOne()).job.id).toBe(id);
    });

    able('fails at once with `fail`', async (h) => {
      const id = await crash(h, { onCrash: 'fail' });
      expect(await h.job(id)).toMatchObject({
        status: 'failed',
        reason: 'crashed',
        onCrash: 'fail',
        metadata: { crashes: 1 },
      });
    });

    able('is held with `hold`: pending, counted, explained, and not claimed', async (h) => {
      const id = await crash(h, { onCrash: 'hold' });
      expect(await h.job(id)).toMatchObject({ status: 'pending', held: true, metadata: { crashes: 1 } });
      expect(await h.claim()).toEqual([]);
      const counts = await h.store.counts();
      expect([counts.pending, counts.waiting.held, counts.waiting.ready]).toEqual([1, 1, 0]);
      const [explained] = await h.store.explain([id]);
      expect(explained?.causes[0]).toMatchObject({ code: 'held', since: expect.any(String) });
      expect(explained?.sentence).toContain('approve');
    });

    able('runs again once somebody approves', async (h) => {
      const id = await crash(h, { onCrash: 'hold' });
      expect(await change(h, 'approve', id)).toMatchObject({ changed: 1 });
      expect((await h.job(id)).held).toBeUndefined();
      expect((await h.claimOne()).job).toMatchObject({ id, attempt: 2 });
    });

    able('runs again when somebody retries it, and fails when somebody cancels it', async (h) => {
      const [retried, cancelled] = [await crash(h, { onCrash: 'hold' }), await crash(h, { onCrash: 'hold' })];
      await change(h, 'retry', retried);
      await change(h, 'cancel', cancelled);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual([retried]);
      expect(await h.job(cancelled)).toMatchObject({ status: 'failed', reason: 'cancelled' });
      expect((await h.job(cancelled)).held).toBeUndefined();
    });

    able('is approved alone of all that a filter finds', async (h) => {
      const id = await crash(h, { onCrash: 'hold' });
      const plain = await h.add();
      const all = { change: { action: 'approve' as const }, target: { filter: {} } };
      expect(await h.store.change({ ...all, dryRun: true })).toMatchObject({ matched: 1, changed: 1 });
      expect(await h.store.change(all)).toMatchObject({ matched: 1, ids: [id] });
      expect(await change(h, 'approve', plain)).toMatchObject({ changed: 0, skipped: [{ reason: 'unchanged' }] });
    });

    able('is held once more when it crashes again, until `maxCrashes`', async (h) => {
      const id = await crash(h, { onCrash: 'hold', maxCrashes: 2 });
      await change(h, 'approve', id);
      await h.claimOne();
      await h.store.takeBack(['w1'], 'crashed');
      expect(await h.job(id)).toMatchObject({ status: 'failed', reason: 'crashed' });
    });

    able('is not held when its worker gave it back in order', async (h) => {
      const { job } = await h.start({ onCrash: 'hold' });
      await h.store.takeBack(['w1'], 'released');
      expect((await h.job(job.id)).held).toBeUndefined();
    });

    able('fails by its last words when it was being cancelled', async (h) => {
      const { job } = await h.start({ onCrash: 'hold' });
      await change(h, 'cancel', job.id);
      await h.store.takeBack(['w1'], 'crashed');
      expect(await h.job(job.id)).toMatchObject({ status: 'failed', reason: 'cancelled' });
    });

    test.needing('crash-policies', 'persistence')('is held over a restart', async (h) => {
      const id = await crash(h, { onCrash: 'hold' });
      await h.reopen();
      expect(await h.job(id)).toMatchObject({ status: 'pending', held: true });
      expect(await h.claim()).toEqual([]);
      await change(h, 'approve', id);
      await h.reopen();
      expect((await h.claimOne()).job.id).toBe(id);
    });

    able('has no other policy', async (h) => {
      const adding = h.store.add([{ type: 'a', data: 1, onCrash: 'explode' as CrashPolicy }]);
      await expect(adding).rejects.toBeInstanceOf(ValidationError);
      await expect(adding).rejects.toMatchObject({ issues: [{ path: ['onCrash'] }] });
    });
  });
}
