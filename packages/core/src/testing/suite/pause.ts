import { describe, expect } from '../vitest-api';
import { BOOM } from './harness';
import type { StoreTest } from './store-test';

/** `pause`: no job starts, running ones run on. */
export function pause(test: StoreTest): void {
  describe('pause', () => {
    test('starts nothing until resumed', async (h) => {
      const id = await h.add();
      await h.store.pause(true);
      expect(await h.claim()).toEqual([]);
      const waiting = h.claim({ wait: true });
      const later = await h.add();
      expect((await h.store.counts()).active).toBe(0);
      await h.store.pause(false);
      const claimed = [...(await h.soon(waiting, 'claim')), ...(await h.claim())];
      expect(claimed.map(({ job }) => job.id)).toEqual([id, later]);
    });

    test('of one type lets the others start', async (h) => {
      const [a1, b1] = await h.addAll([{ type: 'a' }, { type: 'b' }]);
      await h.store.pause(true, { type: 'a' });
      expect((await h.claim()).map(({ job }) => job.id)).toEqual([b1]);
      expect(await h.claim({ types: { a: 5 } })).toEqual([]);
      const waiting = h.claim({ wait: true, types: { a: 5, b: 5 } });
      await h.store.pause(false, { type: 'a' });
      expect((await h.soon(waiting, 'claim')).map(({ job }) => job.id)).toEqual([a1]);
    });

    test('of a type works before there is a job of it, whatever it is called', async (h) => {
      for (const type of ['constructor', '__proto__', 'none-yet']) await h.store.pause(true, { type });
      await h.addAll([{ type: 'constructor' }, { type: 'none-yet' }, { type: 'toString', id: 'free' }]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['free']);
    });

    test('of everything and of a type are two things', async (h) => {
      await h.addAll([{ type: 'a' }, { type: 'b' }]);
      await h.store.pause(true, { type: 'a' });
      await h.store.pause(true);
      await h.store.pause(false);
      expect((await h.claim()).map(({ job }) => job.type)).toEqual(['b']);
      await h.store.pause(true);
      await h.store.pause(false, { type: 'a' });
      expect(await h.claim()).toEqual([]);
      await h.store.pause(false);
      expect((await h.claim()).map(({ job }) => job.type)).toEqual(['a']);
    });

    test('twice is as once, and resuming what runs does nothing', async (h) => {
      await h.store.pause(false);
      await h.store.pause(false, { type: 'a' });
      const id = await h.add();
      await h.store.pause(true, { type: 'a' });
      await h.store.pause(true, { type: 'a' });
      expect((await h.store.counts()).paused).toEqual({ all: false, types: ['a'] });
      await h.store.pause(false, { type: 'a' });
      expect((await h.claim()).map(({ job }) => job.id)).toEqual([id]);
    });

    test('lets running jobs run on, report and end', async (h) => {
      const one = await h.start();
      const two = await h.start();
      await h.store.pause(true);
      expect(await h.store.report([{ id: one.job.id, token: one.token, progress: 50 }])).toMatchObject([
        { accepted: true },
      ]);
      await h.settle(one, { outcome: 'completed' });
      await h.settle(two, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect(await h.claim()).toEqual([]);
      expect(await h.store.counts()).toMatchObject({ pending: 1, active: 0, completed: 1 });
    });

    test('is told as an event, with the type', async (h) => {
      const recorder = await h.record({ kinds: ['paused', 'resumed'] });
      await h.store.pause(true);
      await h.store.pause(true, { type: 'a' });
      await h.store.pause(false, { type: 'a' });
      await h.store.pause(false);
      await recorder.until((event) => event.kind === 'resumed' && event.type === undefined, 'resuming everything');
      expect(recorder.events.map((event) => [event.kind, event.type])).toEqual([
        ['paused', undefined],
        ['paused', 'a'],
        ['resumed', 'a'],
        ['resumed', undefined],
      ]);
    });
  });
}
