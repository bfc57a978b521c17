import type { HistoryResult } from '../../history';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const NOTHING = { added: 0, started: 0, completed: 0, failed: 0, retried: 0 };

/** The points at which something happened, by the start of their step. */
function busy({ points }: HistoryResult): number[] {
  return points.filter(({ added, started }) => added + started > 0).map(({ at }) => at);
}

/** Lets the clock come to the start of the next whole day. */
async function nextDay(h: Harness): Promise<number> {
  await h.pass(DAY - (h.now() % DAY));
  return h.now();
}

/** `history` and `metrics`: what the store counts. */
export function history(test: StoreTest): void {
  const counting = test.needing('history');
  const timed = test.needing('history', 'fake-clock');

  describe('history', () => {
    counting('of an empty store is a chart of zeros', async (h) => {
      const { points, total, types } = await h.store.history();
      expect(points.length).toBeGreaterThanOrEqual(60);
      expect(total).toEqual({ ...NOTHING, wait: { count: 0, sum: 0 }, run: { count: 0, sum: 0 } });
      expect(points.every((point) => point.added === 0 && point.run.count === 0)).toBe(true);
      expect(types).toEqual([]);
    });

    counting('counts what becomes of jobs, by type', async (h) => {
      await h.complete({ type: 'a' });
      await h.fail({ type: 'a' });
      const { job, token } = await h.start({ type: 'b' });
      await h.store.settle([{ id: job.id, token, outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 }]);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      const query = { to: h.now() + 2 * MINUTE };
      const { total, types } = await h.store.history(query);
      expect(types).toEqual(['a', 'b']);
      expect(total).toMatchObject({ added: 3, started: 4, completed: 2, failed: 1, retried: 1 });
      expect([total.wait.count, total.run.count]).toEqual([4, 4]);
      expect((await h.store.history({ ...query, type: 'a' })).total).toMatchObject({ added: 2, failed: 1, retried: 0 });
      expect((await h.store.history({ ...query, type: 'b' })).total).toMatchObject({ started: 2, retried: 1 });
      expect((await h.store.history({ ...query, type: 'c' })).total).toMatchObject(NOTHING);
    });

    counting('counts jobs that are cancelled, retried by hand and given back as what they are', async (h) => {
      const id = await h.add();
      const change = (action: 'cancel' | 'retry') => h.store.change({ change: { action }, target: { ids: [id] } });
      await change('cancel');
      await change('retry');
      const claimed = await h.claimOne();
      await h.settle(claimed, { outcome: 'released' });
      await h.claimOne();
      await h.store.takeBack(['w1'], 'crashed');
      const { total } = await h.store.history({ to: h.now() + 2 * MINUTE });
      expect(total).toMatchObject({ added: 1, started: 2, completed: 0, failed: 1, retried: 2 });
      // Of none of them it is known how long the work took.
      expect(total.run.count).toBe(0);
    });

    test.needing('history', 'audit')('counts what an undo does', async (h) => {
      await h.add({ id: 'a' });
      const counted = async () => (await h.store.history({ to: h.now() + 2 * MINUTE })).total;
      const change = (action: 'cancel' | 'remove') => h.store.change({ change: { action }, target: { ids: ['a'] } });
      await change('cancel');
      await h.store.undo();
      expect(await counted()).toMatchObject({ added: 1, failed: 1, retried: 1 });
      // The undo of the undo cancels again.
      await h.store.undo();
      expect(await counted()).toMatchObject({ added: 1, failed: 2, retried: 1 });
      await h.store.undo();
      await change('remove');
      await h.store.undo();
      expect(await counted()).toMatchObject({ added: 2, failed: 2, retried: 2 });
      await h.store.change({ change: { action: 'reprioritise', priority: 2 }, target: { ids: ['a'] } });
      await h.store.undo();
      expect(await counted()).toMatchObject({ added: 2, failed: 2, retried: 2 });
    });

    timed('tells how long jobs waited and ran, from when they could run', async (h) => {
      await nextDay(h);
      await h.addAll([{ id: 'now' }, { id: 'later', runAt: h.now() + 5_000 }]);
      await h.pass(2_000);
      const now = await h.claimOne();
      await h.pass(3_100);
      const later = await h.claimOne();
      await h.pass(4_000);
      await h.settle(now, { outcome: 'completed' });
      await h.settle(later, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      await h.pass(7);
      await h.claimOne();
      const { wait, run } = (await h.store.history()).total;
      // 2,000 ms, 100 ms after the time for which it was scheduled, and 7 ms after it failed.
      expect([wait.count, wait.sum]).toEqual([3, 2_107]);
      expect([run.count, run.sum]).toEqual([2, 7_100 + 4_000]);
      expect(Math.abs((wait.p50 ?? 0) - 100)).toBeLessThanOrEqual(100 / 9);
      expect(Math.abs((run.p99 ?? 0) - 7_100)).toBeLessThanOrEqual(7_100 / 9);
    });

    timed('is told to a claim that asks for it', async (h) => {
      await h.addAll([{ id: 'now' }, { id: 'later', runAt: h.now() + 500 }]);
      await h.pass(800);
      const claimed = await h.claim({ timed: true });
      expect(claimed.map(({ job, waited }) => [job.id, waited]).sort()).toEqual([
        ['later', 300],
        ['now', 800],
      ]);
      await h.add();
      expect(await h.claimOne()).not.toHaveProperty('waited');
    });

    test.needing(
      'history',
      'fake-clock',
      'dependencies',
    )('does not count the run of a parent as waiting', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', type: 'b', dependsOn: ['parent'] }]);
      const parent = await h.claimOne();
      await h.pass(10_000);
      await h.settle(parent, { outcome: 'completed' });
      await h.pass(3);
      await h.claimOne();
      expect((await h.store.history({ type: 'b' })).total.wait).toMatchObject({ count: 1, sum: 3 });
    });

    timed('puts everything at its time, in steps as asked for', async (h) => {
      const day = await nextDay(h);
      await h.add();
      await h.pass(MINUTE + 1);
      await h.add();
      await h.pass(HOUR);
      await h.add();
      const range = { from: day, to: day + 2 * HOUR };
      expect(busy(await h.store.history({ ...range, step: MINUTE }))).toEqual([day, day + MINUTE, day + HOUR + MINUTE]);
      const tens = await h.store.history({ ...range, step: 10 * MINUTE });
      expect(tens.points.map(({ added }) => added)).toEqual([2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
      const days = await h.store.history({ from: day - DAY, to: day + HOUR, step: DAY });
      expect(days.points.map(({ at, added }) => [at, added])).toEqual([
        [day - DAY, 0],
        [day, 3],
      ]);
      expect(await h.store.history({ ...range, step: 7 * MINUTE + 1 })).toMatchObject({ step: 8 * MINUTE });
    });

    timed('rounds its ends to whole steps, and chooses a step for a chart', async (h) => {
      const day = await nextDay(h);
      const odd = await h.store.history({ from: day + 90_001, to: day + HOUR - 1, step: 5 * MINUTE });
      expect([odd.from, odd.to, odd.points.length]).toEqual([day, day + HOUR, 12]);
      expect((await h.store.history({ from: day, to: day + 30 * DAY })).step).toBe(6 * HOUR);
      expect((await h.store.history({ from: day, to: day + HOUR })).step).toBe(MINUTE);
    });

    counting('refuses what is no range, or too fine', async (h) => {
      const now = h.now();
      const queries = [
        { from: now, to: now },
        { from: Number.NaN },
        { step: 59_999 },
        { from: now - 4_000 * MINUTE, step: MINUTE },
        { type: 7 as unknown as string },
      ];
      for (const query of queries) await expect(h.store.history(query)).rejects.toMatchObject({ code: 'INVALID' });
    });

    counting('counts types beyond the 64th together', async (h) => {
      const types = Array.from({ length: 70 }, (_, i) => `t${String(i).padStart(2, '0')}`);
      await h.addAll(types.map((type) => ({ type })));
      const query = { to: h.now() + 2 * MINUTE };
      const { total, types: counted } = await h.store.history(query);
      expect(total.added).toBe(70);
      expect(counted).toEqual(['*', ...types.slice(0, 64)]);
      expect((await h.store.history({ ...query, type: '*' })).total.added).toBe(6);
    });
  });

  describe('metrics', () => {
    counting('count since the store began, by type, whatever it is called', async (h) => {
      await h.complete({ type: 'constructor' });
      await h.fail({ type: 'a' });
      const { types } = await h.store.metrics();
      expect(Object.keys(types).sort()).toEqual(['a', 'constructor']);
      expect(types.constructor).toMatchObject({ added: 1, started: 1, completed: 1, failed: 0, run: { count: 1 } });
      expect(types.a).toMatchObject({ added: 1, completed: 0, failed: 1, wait: { count: 1 } });
    });

    timed('hold histograms of the times', async (h) => {
      for (const ms of [3, 3, 1_000]) {
        const claimed = await h.start();
        await h.pass(ms);
        await h.settle(claimed, { outcome: 'completed' });
      }
      const { types } = await h.store.metrics();
      const buckets = [
        [3, 2],
        [1_024, 1],
      ];
      expect(types.a?.run).toEqual({ count: 3, sum: 1_006, buckets });
    });

    timed('tell how long the next jobs have been ready, and how many workers there are', async (h) => {
      await h.store.pause(true);
      await h.addAll([{ priority: 9 }, { type: 'b', runAt: h.now() + 1_500 }]);
      await h.pass(2_000);
      await h.add({ priority: 1 });
      await h.pass(500);
      const { oldestReady, workers } = await h.store.metrics();
      expect({ ...oldestReady }).toEqual({ a: 2_500, b: 1_000 });
      expect(workers).toBe(0);
      await h.store.pause(false);
      await h.claimOne({ worker: 'one' });
      await h.claimOne({ worker: 'two' });
      expect((await h.store.metrics()).workers).toBe(2);
    });
  });

  describe('reopened', () => {
    test.needing('history', 'persistence')('goes on counting where it was', async (h) => {
      await h.complete({ type: 'a' });
      await h.fail({ type: 'b' });
      const query = { from: h.now() - HOUR, to: h.now() + HOUR };
      const [before, metrics] = [await h.store.history(query), await h.store.metrics()];
      await h.reopen();
      expect(await h.store.history(query)).toEqual(before);
      expect((await h.store.metrics()).types).toEqual(metrics.types);
      await h.complete({ type: 'a' });
      expect((await h.store.history(query)).total).toMatchObject({ added: 3, completed: 2, failed: 1 });
      expect((await h.store.metrics()).types.a).toMatchObject({ added: 2, completed: 2 });
    });
  });
}
