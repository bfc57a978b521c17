import { describe, expect } from '../vitest-api';
import { BOOM, iso } from './harness';
import type { StoreTest } from './store-test';

const HOUR = 3_600_000;

/** `runAt`: jobs that wait for a time. */
export function scheduling(test: StoreTest): void {
  const timed = test.needing('fake-clock');

  describe('a scheduled job', () => {
    test('does not start before its time, and then by itself', async (h) => {
      const runAt = h.now() + 80;
      const id = await h.add({ runAt });
      expect(await h.job(id)).toMatchObject({ status: 'pending', runAt: iso(runAt) });
      expect(await h.claim()).toEqual([]);
      const waiting = h.claimOne();
      await h.pass(80);
      const { job } = await waiting;
      expect(job.id).toBe(id);
      expect(Object.keys(job)).not.toContain('runAt');
      expect(Date.parse(job.started ?? '')).toBeGreaterThanOrEqual(runAt);
    });

    test('holds up nobody', async (h) => {
      await h.add({ runAt: h.now() + HOUR, priority: 1 });
      const id = await h.add({ priority: 10 });
      expect((await h.claim()).map(({ job }) => job.id)).toEqual([id]);
    });

    test('is ready at once when its time has passed', async (h) => {
      const ids = await h.addAll([{ runAt: h.now() - HOUR }, { runAt: 0 }, { runAt: -8.64e15 }]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(ids);
    });

    test('of the far future waits, and breaks no timer', async (h) => {
      const far = [h.now() + 2 ** 31, h.now() + 2 ** 32 + 5, 8.64e15];
      await h.addAll(far.map((runAt) => ({ runAt })));
      await h.pass(1_000);
      expect(await h.claim()).toEqual([]);
      expect((await h.everything()).map((job) => job.runAt)).toEqual(far.map(iso));
    });

    test('is woken by a nearer one that is added later', async (h) => {
      await h.add({ runAt: h.now() + HOUR, id: 'far' });
      const waiting = h.claimOne();
      await h.add({ runAt: h.now() + 60, id: 'near' });
      await h.pass(60);
      expect((await waiting).job.id).toBe('near');
    });

    timed('starts at its millisecond, not one before', async (h) => {
      await h.add({ runAt: h.now() + 1_000 });
      await h.clock.advance(999);
      expect(await h.claim()).toEqual([]);
      await h.clock.advance(1);
      expect(await h.claim()).toHaveLength(1);
    });

    timed('keeps its place among those that are ready', async (h) => {
      await h.addAll([
        { id: 'late', runAt: h.now() + 3_000 },
        { id: 'early', runAt: h.now() + 1_000 },
        { id: 'urgent', runAt: h.now() + 2_000, priority: 1 },
        { id: 'ready' },
      ]);
      await h.clock.advance(3_000);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['urgent', 'late', 'early', 'ready']);
    });

    timed('starts after years', async (h) => {
      const id = await h.add({ runAt: h.now() + 3 * 365 * 24 * HOUR });
      const waiting = h.claimOne();
      await h.clock.advance(3 * 365 * 24 * HOUR - 1);
      expect((await h.store.counts()).active).toBe(0);
      await h.clock.advance(1);
      expect((await waiting).job.id).toBe(id);
    });

    timed('wakes those who wait, one after the other', async (h) => {
      await h.addAll([1, 2, 3].map((n) => ({ id: `at-${n}`, runAt: h.now() + n * 1_000 })));
      for (const n of [1, 2, 3]) {
        const waiting = h.claimOne();
        await h.clock.advance(1_000);
        expect((await waiting).job).toMatchObject({ id: `at-${n}`, started: iso(h.now()) });
      }
    });

    timed('notices that the wall clock was set forward', async (h) => {
      const id = await h.add({ runAt: h.now() + HOUR });
      const waiting = h.claimOne();
      await h.clock.jump(HOUR);
      expect((await waiting).job.id).toBe(id);
    });

    timed('notices that the wall clock was set back', async (h) => {
      await h.add({ runAt: h.now() + 1_000 });
      await h.clock.jump(-HOUR);
      await h.clock.advance(HOUR);
      expect(await h.claim()).toEqual([]);
      await h.clock.advance(1_000);
      expect(await h.claim()).toHaveLength(1);
    });

    timed('waits again when its time had come, and the wall clock was set back before it started', async (h) => {
      const id = await h.add({ runAt: h.now() + 1_000 });
      await h.clock.advance(1_000);
      expect((await h.store.counts()).waiting).toMatchObject({ ready: 1, scheduled: 0 });
      await h.clock.jump(-HOUR);
      expect(await h.claim()).toEqual([]);
      expect((await h.store.counts()).waiting).toMatchObject({ ready: 0, scheduled: 1 });
      const waiting = h.claimOne();
      await h.clock.advance(HOUR - 1);
      expect((await h.store.counts()).active).toBe(0);
      await h.clock.advance(1);
      expect((await waiting).job).toMatchObject({ id, started: iso(h.now()) });
    });

    timed('starts when the machine wakes up after its time', async (h) => {
      const id = await h.add({ runAt: h.now() + HOUR });
      const waiting = h.claimOne();
      await h.clock.suspend(8 * HOUR);
      expect((await waiting).job.id).toBe(id);
    });

    timed('is not started by a running attempt’s age, whatever the clock does', async (h) => {
      const running = await h.start();
      await h.clock.suspend(30 * 24 * HOUR);
      await h.clock.advance(30 * 24 * HOUR);
      await h.clock.jump(-40 * 24 * HOUR);
      expect(await h.job(running.job.id)).toEqual(running.job);
      expect(await h.claim()).toEqual([]);
      await h.settle(running, { outcome: 'completed' });
    });

    timed('keeps the order of jobs when the wall clock goes back between them', async (h) => {
      await h.add({ id: 'first' });
      await h.clock.jump(-HOUR);
      await h.add({ id: 'second' });
      expect((await h.everything()).map((job) => job.id)).toEqual(['first', 'second']);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['first', 'second']);
    });

    timed('does not start when it was cancelled or put off meanwhile', async (h) => {
      await h.addAll([
        { id: 'cancelled', runAt: h.now() + 1_000 },
        { id: 'put-off', runAt: h.now() + 1_000 },
      ]);
      await h.store.change({ change: { action: 'cancel' }, target: { ids: ['cancelled'] } });
      const patch = { runAt: h.now() + 5_000 };
      await h.store.change({ change: { action: 'edit', patch }, target: { ids: ['put-off'] } });
      await h.clock.advance(4_999);
      expect(await h.claim()).toEqual([]);
      await h.clock.advance(1);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['put-off']);
    });

    timed('waits out its backoff', async (h) => {
      let claimed = await h.start({ maxAttempts: 4 });
      for (const retryIn of [1_000, 2_000, 4_000]) {
        await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn });
        expect((await h.job(claimed.job.id)).runAt).toBe(iso(h.now() + retryIn));
        await h.clock.advance(retryIn - 1);
        expect(await h.claim()).toEqual([]);
        await h.clock.advance(1);
        claimed = await h.claimOne();
      }
      expect(claimed.job.attempt).toBe(4);
    });
  });
}
