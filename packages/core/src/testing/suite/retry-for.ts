import type { ClaimedJob } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const fail = (h: Harness, claimed: ClaimedJob, retryIn = 0): Promise<void> =>
  h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn });

/** `retryFor`: how long a job is tried. */
export function retryFor(test: StoreTest): void {
  const timed = test.needing('fake-clock');

  describe('a job with a time to be tried for', () => {
    timed('fails for good when its next attempt would start later', async (h) => {
      const claimed = await h.start({ retryFor: 1_000 });
      await h.pass(600);
      await fail(h, claimed, 400);
      await h.pass(400);
      const again = await h.claimOne();
      await fail(h, again, 1);
      expect(await h.job(again.job.id)).toMatchObject({
        status: 'failed',
        reason: 'error',
        attempt: 2,
        retryFor: 1_000,
      });
    });

    timed('is tried as often as fits into it', async (h) => {
      const id = await h.add({ retryFor: 1_000 });
      for (let n = 0; n < 20; n++) await fail(h, await h.claimOne());
      expect(await h.job(id)).toMatchObject({ status: 'pending', attempt: 20, maxAttempts: 1_000 });
    });

    timed('fails after its attempts, if these end first', async (h) => {
      const id = await h.add({ retryFor: 60_000, maxAttempts: 2 });
      await fail(h, await h.claimOne());
      await fail(h, await h.claimOne());
      expect(await h.job(id)).toMatchObject({ status: 'failed', attempt: 2 });
    });

    timed('counts from its first start, not from when it was added', async (h) => {
      const id = await h.add({ retryFor: 1_000, runAt: h.now() + 60_000 });
      await h.pass(60_000);
      await fail(h, await h.claimOne(), 1_000);
      expect((await h.job(id)).status).toBe('pending');
    });

    timed('counts from a start that was not given back', async (h) => {
      const id = await h.add({ retryFor: 1_000 });
      await h.settle(await h.claimOne(), { outcome: 'released' });
      await h.pass(60_000);
      await fail(h, await h.claimOne());
      expect((await h.job(id)).status).toBe('pending');
    });

    timed('fails when its process dies later than that', async (h) => {
      const { job } = await h.start({ retryFor: 1_000 });
      await h.pass(1_001);
      await h.store.takeBack(['w1'], 'crashed');
      expect(await h.job(job.id)).toMatchObject({ status: 'failed', reason: 'crashed' });
    });

    timed('has all of it again after a retry by hand', async (h) => {
      const claimed = await h.start({ retryFor: 1_000 });
      await h.pass(2_000);
      await fail(h, claimed);
      await h.store.change({ change: { action: 'retry' }, target: { ids: [claimed.job.id] } });
      await fail(h, await h.claimOne());
      expect((await h.job(claimed.job.id)).status).toBe('pending');
    });

    test.needing('fake-clock', 'persistence')('remembers its first start over a restart', async (h) => {
      const claimed = await h.start({ retryFor: 1_000 });
      await fail(h, claimed);
      await h.reopen();
      await h.pass(1_001);
      await fail(h, await h.claimOne());
      expect((await h.job(claimed.job.id)).status).toBe('failed');
    });
  });
}
