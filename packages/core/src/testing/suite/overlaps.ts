import type { OverlapPolicy } from '../../schedule/schedule';
import type { ClaimedJob } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import { HOUR, setSchedule, stateOf } from './schedules';
import type { StoreTest } from './store-test';

/** A schedule's first job, running. */
async function running(h: Harness, overlap: OverlapPolicy): Promise<ClaimedJob> {
  await setSchedule(h, { overlap });
  await h.clock.advance(HOUR);
  return h.claimOne();
}

/** The next slot while the job of an earlier one is not finished. */
export function overlaps(test: StoreTest): void {
  const timed = test.needing('schedules', 'fake-clock', 'dependencies');

  describe('a slot while the job of an earlier one has not ended', () => {
    timed('allow: makes its job, and both may run', async (h) => {
      const first = await running(h, 'allow');
      await h.clock.advance(HOUR);
      expect((await h.claimOne()).job.id).not.toBe(first.job.id);
      expect(await h.store.counts()).toMatchObject({ pending: 0, active: 2 });
    });

    timed('skip: makes none, until the earlier one has ended', async (h) => {
      const first = await running(h, 'skip');
      await h.clock.advance(2 * HOUR);
      expect(await h.everything()).toHaveLength(1);
      expect(await stateOf(h)).toMatchObject({ runs: 1, skipped: 2, slot: h.now() });
      await h.settle(first, { outcome: 'completed' });
      await h.clock.advance(HOUR);
      expect(await h.everything()).toHaveLength(2);
    });

    timed('skip: an attempt that is to come again has not ended', async (h) => {
      const first = await running(h, 'skip');
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 10 * HOUR });
      await h.clock.advance(HOUR);
      expect(await h.everything()).toHaveLength(1);
    });

    timed('queue: makes a job that starts once the earlier one has ended, however it ends', async (h) => {
      const first = await running(h, 'queue');
      await h.clock.advance(2 * HOUR);
      expect(await h.store.counts()).toMatchObject({ active: 1, waiting: { blocked: 2, ready: 0 } });
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error' });
      const second = await h.claimOne();
      expect(await h.store.counts()).toMatchObject({ active: 1, waiting: { blocked: 1, ready: 0 } });
      await h.settle(second, { outcome: 'completed' });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
    });

    timed('replace: cancels one that waits, and takes its place', async (h) => {
      await setSchedule(h, { overlap: 'replace' });
      await h.clock.advance(2 * HOUR);
      const [first, second] = await h.everything();
      expect(first).toMatchObject({ status: 'failed', reason: 'cancelled' });
      expect((await h.claim()).map(({ job }) => job.id)).toEqual([second?.id]);
    });

    timed('replace: asks one that runs to stop, and starts once it has', async (h) => {
      const first = await running(h, 'replace');
      await h.clock.advance(HOUR);
      expect(await h.job(first.job.id)).toMatchObject({ status: 'active', cancelling: true });
      expect(await h.claim()).toEqual([]);
      // The next one takes the place of the one that waits, and waits for the same.
      await h.clock.advance(HOUR);
      expect(await h.claim()).toEqual([]);
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error' });
      const third = await h.claimOne();
      expect(third.job.tags).toContain(`slot:${new Date(h.now()).toISOString()}`);
      expect((await h.everything()).map(({ status, reason }) => reason ?? status)).toEqual([
        'cancelled',
        'cancelled',
        'active',
      ]);
    });

    timed('does not matter when somebody removed the earlier one', async (h) => {
      await setSchedule(h, { overlap: 'skip' });
      await h.clock.advance(HOUR);
      const [first] = await h.everything();
      await h.store.change({ change: { action: 'remove' }, target: { ids: [first?.id ?? ''] } });
      await h.clock.advance(HOUR);
      expect(await h.everything()).toHaveLength(1);
      expect(await stateOf(h)).toMatchObject({ runs: 2, skipped: 0 });
    });

    timed('makes none while another job holds its key', async (h) => {
      await h.add({ key: 'backup' });
      await setSchedule(h, { job: { type: 'a', data: null, options: { key: 'backup' } } });
      await h.clock.advance(HOUR);
      expect(await h.everything()).toHaveLength(1);
      expect(await stateOf(h)).toMatchObject({ runs: 0, skipped: 1 });
    });
  });
}
