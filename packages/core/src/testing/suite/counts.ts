import { describe, expect } from '../vitest-api';
import { BOOM } from './harness';
import type { StoreTest } from './store-test';

const NONE = { pending: 0, active: 0, completed: 0, failed: 0 };

/** `counts`: how many jobs there are, and why they wait. */
export function counts(test: StoreTest): void {
  describe('counts', () => {
    test('of an empty store are all zero', async (h) => {
      expect(await h.store.counts()).toEqual({
        ...NONE,
        waiting: { ready: 0, scheduled: 0, blocked: 0, held: 0, paused: 0 },
        byType: {},
        paused: { all: false, types: [] },
      });
    });

    test('follow every job through its states', async (h) => {
      const now = async () => {
        const { pending, active, completed, failed } = await h.store.counts();
        return [pending, active, completed, failed];
      };
      await h.addAll([{ type: 'a' }, { type: 'a' }, { type: 'b' }]);
      expect(await now()).toEqual([3, 0, 0, 0]);
      const [one, two, three] = await h.claim();
      if (!one || !two || !three) throw new Error('three jobs were to be claimed');
      expect(await now()).toEqual([0, 3, 0, 0]);
      await h.settle(one, { outcome: 'completed' });
      await h.settle(two, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      await h.settle(three, { outcome: 'failed', error: BOOM, reason: 'error' });
      expect(await now()).toEqual([1, 0, 1, 1]);
      await h.store.change({ change: { action: 'retry' }, target: { ids: [three.job.id] } });
      expect(await now()).toEqual([2, 0, 1, 0]);
      await h.claim();
      await h.store.takeBack(['w1'], 'crashed');
      expect(await now()).toEqual([2, 0, 1, 0]);
      await h.store.change({ change: { action: 'remove' }, target: { filter: {} } });
      expect(await now()).toEqual([0, 0, 0, 0]);
    });

    test('tell the states of each type, whatever it is called', async (h) => {
      await h.addAll([{ type: 'a' }, { type: 'a' }, { type: 'constructor' }, { type: 'toString' }]);
      await h.settle(await h.claimOne({ types: { constructor: 1 } }), { outcome: 'completed' });
      await h.claimOne({ types: { a: 1 } });
      const { byType } = await h.store.counts();
      expect(
        Object.entries(byType)
          .filter(([, of]) => Object.values(of).some((n) => n > 0))
          .sort(),
      ).toEqual([
        ['a', { ...NONE, pending: 1, active: 1 }],
        ['constructor', { ...NONE, completed: 1 }],
        ['toString', { ...NONE, pending: 1 }],
      ]);
    });

    test('tell why pending jobs wait', async (h) => {
      await h.addAll([
        { type: 'a' },
        { type: 'a' },
        { type: 'a', runAt: h.now() + 3_600_000 },
        { type: 'b' },
        { type: 'b', runAt: h.now() + 3_600_000 },
      ]);
      await h.store.pause(true, { type: 'b' });
      const some = await h.store.counts();
      expect(some.waiting).toEqual({ ready: 2, scheduled: 2, blocked: 0, held: 0, paused: 1 });
      expect(some.paused).toEqual({ all: false, types: ['b'] });
      await h.store.pause(true);
      const all = await h.store.counts();
      expect(all.waiting).toEqual({ ready: 0, scheduled: 2, blocked: 0, held: 0, paused: 3 });
      expect(all.paused.all).toBe(true);
      await h.store.pause(false, { type: 'b' });
      await h.store.pause(false);
      expect(await h.store.counts()).toMatchObject({
        pending: 5,
        waiting: { ready: 3, scheduled: 2, blocked: 0, held: 0, paused: 0 },
        paused: { all: false, types: [] },
      });
    });

    test('count a job as ready once its time has come', async (h) => {
      await h.add({ runAt: h.now() + 60 });
      expect((await h.store.counts()).waiting).toMatchObject({ scheduled: 1, ready: 0 });
      const waiting = h.claimOne();
      await h.pass(60);
      await h.settle(await waiting, { outcome: 'released' });
      expect((await h.store.counts()).waiting).toMatchObject({ scheduled: 0, ready: 1 });
    });

    test.needing('dependencies')('count jobs that wait for others as blocked', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
      expect((await h.store.counts()).waiting).toEqual({ ready: 1, scheduled: 0, blocked: 1, held: 0, paused: 0 });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      expect((await h.store.counts()).waiting).toEqual({ ready: 1, scheduled: 0, blocked: 0, held: 0, paused: 0 });
    });
  });
}
