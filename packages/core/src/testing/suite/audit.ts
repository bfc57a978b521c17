import { NoHistoryError } from '../../errors';
import type { TrailEntry } from '../../trail';
import { describe, expect } from '../vitest-api';
import { BOOM, iso } from './harness';
import type { StoreTest } from './store-test';

/** The entries without what every store numbers and times in its own way. */
const told = (entries: TrailEntry[]): Omit<TrailEntry, 'seq' | 'at' | 'operation'>[] =>
  entries.map(({ seq: _seq, at: _at, operation: _operation, ...entry }) => entry);

/** `trail` and `stateAt`: what happened to a job, and the queue as it was. */
export function audit(test: StoreTest): void {
  const audited = test.needing('audit');

  describe('trail', () => {
    audited('tells each transition of a job with who asked, who ran it, and why', async (h) => {
      const claimed = await h.start({ id: 'one', maxAttempts: 2 }, 'worker-1');
      await h.add({ id: 'other' });
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      const again = await h.claimOne({ worker: 'worker-2' });
      expect(again.job.id).toBe('one');
      await h.settle(again, { outcome: 'failed', error: BOOM, reason: 'error' });
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['one'] }, by: 'ada' });
      await h.store.change({ change: { action: 'cancel' }, target: { ids: ['one'] }, by: 'grace' });
      const trail = await h.store.trail('one');
      expect(trail).toMatchObject({ id: 'one', complete: true, since: { seq: 1 } });
      const error = expect.objectContaining({ name: 'TypeError', message: 'boom' });
      expect(told(trail.entries)).toEqual([
        { op: 'add', to: 'pending' },
        { op: 'start', from: 'pending', to: 'active', attempt: 1, worker: 'worker-1' },
        { op: 'retry', from: 'active', to: 'pending', attempt: 1, worker: 'worker-1', cause: 'failed', error },
        { op: 'start', from: 'pending', to: 'active', attempt: 2, worker: 'worker-2' },
        { op: 'fail', from: 'active', to: 'failed', attempt: 2, worker: 'worker-2', reason: 'error', error },
        { op: 'retry', from: 'failed', to: 'pending', attempt: 2, worker: 'worker-2', cause: 'manual', by: 'ada' },
        { op: 'fail', from: 'pending', to: 'failed', worker: 'worker-2', reason: 'cancelled', by: 'grace' },
      ]);
      const numbers = trail.entries.map(({ seq }) => seq);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    });

    audited('tells what an edit changed, from what to what', async (h) => {
      await h.add({ id: 'one', data: { n: 1 }, tags: ['red'] });
      const patch = { data: { n: 2 }, priority: 2, tags: [], timeout: 100 };
      await h.store.change({ change: { action: 'edit', patch }, target: { ids: ['one'] } });
      await h.store.change({ change: { action: 'reprioritise', priority: 9 }, target: { ids: ['one'] } });
      const { entries } = await h.store.trail('one');
      expect(entries.map(({ changes }) => changes)).toEqual([
        undefined,
        {
          data: { from: { n: 1 }, to: { n: 2 } },
          priority: { from: 5, to: 2 },
          tags: { from: ['red'], to: null },
          timeout: { from: null, to: 100 },
        },
        { priority: { from: 2, to: 9 } },
      ]);
    });

    audited('still tells of a job that was removed, and nothing of one that never was', async (h) => {
      await h.complete({ id: 'one' });
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['one'] }, by: 'ada' });
      expect(await h.store.get(['one'])).toEqual([null]);
      const { entries } = await h.store.trail('one');
      expect(entries.map(({ op }) => op)).toEqual(['add', 'start', 'complete', 'remove']);
      expect(entries.at(-1)).toMatchObject({ from: 'completed', cause: 'removed', by: 'ada' });
      expect(entries.at(-1)).not.toHaveProperty('to');
      expect(await h.store.trail('never')).toMatchObject({ id: 'never', entries: [], complete: false });
    });

    test.needing('audit', 'persistence')('is the same after the store was opened again', async (h) => {
      await h.fail({ id: 'one' });
      const before = await h.store.trail('one');
      await h.reopen();
      expect(await h.store.trail('one')).toEqual(before);
    });
  });

  const timed = test.needing('audit', 'fake-clock');

  describe('stateAt', () => {
    timed('shows counts, lists and jobs as they were', async (h) => {
      await h.addAll([{ id: 'one' }, { id: 'two', type: 'b', data: { big: true } }, { id: 'three' }]);
      await h.store.pause(true, { type: 'b' });
      const then = h.now();
      const before = await h.everything();
      const counts = await h.store.counts();
      await h.pass(1_000);
      await h.settle(await h.claimOne(), { outcome: 'completed', result: 7 });
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['one', 'two'] } });
      await h.store.pause(false, { type: 'b' });
      const state = await h.store.stateAt(then, { ids: ['two', 'no'], list: { limit: 2 } });
      expect(state).toMatchObject({ at: iso(then), counts });
      expect(state.jobs).toEqual([before[1], null]);
      expect(state.page?.jobs).toEqual(before.slice(0, 2));
      const rest = await h.store.stateAt(then, { list: { limit: 2, cursor: state.page?.next ?? '' } });
      expect(rest.page).toEqual({ jobs: [before[2]] });
      const matching = await h.store.stateAt(then, { list: { filter: { type: 'b', text: 'big' } } });
      expect(matching.page?.jobs.map(({ id }) => id)).toEqual(['two']);
    });

    timed('knows what was scheduled then, and what is no more by now', async (h) => {
      await h.add({ id: 'later', runAt: h.now() + 5_000 });
      const then = h.now();
      await h.pass(10_000);
      const due = h.now();
      await h.pass(1_000);
      expect((await h.store.stateAt(then)).counts.waiting).toMatchObject({ scheduled: 1, ready: 0 });
      expect((await h.store.stateAt(due)).counts.waiting).toMatchObject({ scheduled: 0, ready: 1 });
    });

    timed('shows the present, too, and goes on with it', async (h) => {
      await h.add({ id: 'one' });
      expect((await h.store.stateAt(h.now())).counts.pending).toBe(1);
      await h.add({ id: 'two' });
      expect((await h.store.stateAt(h.now())).counts.pending).toBe(2);
    });

    timed('refuses a time before all that is kept, and names the earliest', async (h) => {
      await h.add();
      const error = await h.store.stateAt(h.now() - 86_400_000).catch((reason) => reason);
      expect(error).toBeInstanceOf(NoHistoryError);
      expect(error).toMatchObject({ code: 'NO_HISTORY', earliest: expect.any(String) });
      const earliest = Date.parse(error.earliest);
      expect(await h.store.stateAt(earliest)).toMatchObject({ at: error.earliest });
    });

    audited('refuses what is no time', async (h) => {
      await expect(h.store.stateAt(Number.NaN)).rejects.toMatchObject({ code: 'INVALID' });
    });
  });
}
