import { JobNotFoundError, JobStateError } from '../../errors';
import type { ChangeResult, MoveTarget } from '../../store';
import { describe, expect } from '../vitest-api';
import { oneOfEach } from './change';
import type { Harness } from './harness';
import type { StoreTest } from './store-test';

const move = (h: Harness, ids: string[], target: MoveTarget, dryRun = false): Promise<ChangeResult> =>
  h.store.change({ change: { action: 'move', target }, target: { ids }, dryRun });

/** Six pending jobs: `a1` to `a4` of priority 5, `b1` and `b2` of priority 6. */
async function six(h: Harness): Promise<void> {
  await h.addAll([
    ...['a1', 'a2', 'a3', 'a4'].map((id) => ({ id })),
    ...['b1', 'b2'].map((id) => ({ id, priority: 6, tags: ['b'] })),
  ]);
}

/** `change` with `move`: the order inside a priority. */
export function moves(test: StoreTest): void {
  const reordering = test.needing('reorder');

  describe('change: move', () => {
    const cases: [what: string, ids: string[], target: MoveTarget, queue: string[]][] = [
      ['one to the top', ['a3'], { to: 'top' }, ['a3', 'a1', 'a2', 'a4', 'b1', 'b2']],
      ['one to the bottom', ['a1'], { to: 'bottom' }, ['a2', 'a3', 'a4', 'a1', 'b1', 'b2']],
      ['several to the top, in their order', ['a2', 'a4'], { to: 'top' }, ['a2', 'a4', 'a1', 'a3', 'b1', 'b2']],
      ['several to the bottom, in their order', ['a1', 'a3'], { to: 'bottom' }, ['a2', 'a4', 'a1', 'a3', 'b1', 'b2']],
      ['each within its own priority', ['a4', 'b2'], { to: 'top' }, ['a4', 'a1', 'a2', 'a3', 'b2', 'b1']],
      ['one before another', ['a4'], { before: 'a2' }, ['a1', 'a4', 'a2', 'a3', 'b1', 'b2']],
      ['one after another', ['a1'], { after: 'a3' }, ['a2', 'a3', 'a1', 'a4', 'b1', 'b2']],
      ['one before the first', ['a3'], { before: 'a1' }, ['a3', 'a1', 'a2', 'a4', 'b1', 'b2']],
      ['one after the last', ['b1'], { after: 'b2' }, ['a1', 'a2', 'a3', 'a4', 'b2', 'b1']],
      ['several between two', ['a1', 'a4'], { before: 'a3' }, ['a2', 'a1', 'a4', 'a3', 'b1', 'b2']],
    ];
    for (const [what, ids, target, queue] of cases) {
      reordering(`moves ${what}`, async (h) => {
        await six(h);
        const before = await h.everything();
        const dry = await move(h, ids, target, true);
        expect(await h.everything()).toEqual(before);
        const result = await move(h, ids, target);
        expect(result).toMatchObject({ dryRun: false, matched: ids.length, changed: ids.length, skipped: [] });
        expect([...result.ids].sort()).toEqual([...ids].sort());
        expect({ ...result, dryRun: true }).toMatchObject(dry);
        expect(await h.queue()).toEqual(queue);
        expect((await h.claim()).map(({ job }) => job.id)).toEqual(queue);
      });
    }

    reordering('takes over the priority of the job it is moved next to', async (h) => {
      await six(h);
      await move(h, ['a2'], { after: 'b1' });
      expect(await h.queue()).toEqual(['a1', 'a3', 'a4', 'b1', 'a2', 'b2']);
      expect((await h.job('a2')).priority).toBe(6);
      await move(h, ['b2', 'a2'], { before: 'a1' });
      expect(await h.queue()).toHaveLength(6);
      expect((await h.queue()).slice(2)).toEqual(['a1', 'a3', 'a4', 'b1']);
      expect((await h.job('b2')).priority).toBe(5);
    });

    reordering('takes over the priority even where it stands next to that job already', async (h) => {
      await six(h);
      const result = await move(h, ['a4'], { before: 'b1' });
      expect(result).toMatchObject({ changed: 1, ids: ['a4'] });
      expect(await h.queue()).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'b2']);
      expect((await h.job('a4')).priority).toBe(6);
    });

    reordering('squeezes in between the same two jobs a thousand times', async (h) => {
      await h.addAll([{ id: 'first' }, { id: 'x' }, { id: 'y' }, { id: 'last' }]);
      for (let n = 0; n < 500; n++) {
        await move(h, ['x'], { before: 'y' });
        await move(h, ['y'], { before: 'x' });
      }
      expect(await h.queue()).toEqual(['first', 'y', 'x', 'last']);
    });

    reordering('keeps new jobs behind those that were moved to the bottom', async (h) => {
      await six(h);
      await move(h, ['a1'], { to: 'bottom' });
      await h.add({ id: 'new' });
      expect(await h.queue()).toEqual(['a2', 'a3', 'a4', 'a1', 'new', 'b1', 'b2']);
    });

    reordering('keeps the place of a job through an attempt', async (h) => {
      await six(h);
      await move(h, ['a4'], { to: 'top' });
      await h.settle(await h.claimOne(), { outcome: 'released' });
      expect((await h.queue())[0]).toBe('a4');
    });

    reordering('by a filter', async (h) => {
      await six(h);
      const result = await h.store.change({
        change: { action: 'move', target: { before: 'a1' } },
        target: { filter: { tags: ['b'] } },
      });
      expect(result).toMatchObject({ matched: 2, changed: 2 });
      expect(await h.queue()).toEqual(['b1', 'b2', 'a1', 'a2', 'a3', 'a4']);
    });

    reordering('leaves the anchor where it is, when it is among the targets', async (h) => {
      await six(h);
      const result = await move(h, ['a1', 'a3', 'a4'], { after: 'a3' });
      expect(result).toMatchObject({
        matched: 3,
        changed: 2,
        skipped: [{ reason: 'unchanged', count: 1, ids: ['a3'] }],
      });
      expect(await h.queue()).toEqual(['a2', 'a3', 'a1', 'a4', 'b1', 'b2']);
    });

    reordering('skips what is not pending', async (h) => {
      await oneOfEach(h);
      const result = await move(h, ['scheduled', 'active', 'completed', 'failed', 'gone'], { to: 'top' });
      expect(result).toMatchObject({ matched: 5, changed: 1, ids: ['scheduled'] });
      expect(result.skipped.map((skip) => skip.reason).sort()).toEqual(['active', 'completed', 'failed', 'not-found']);
      expect(await h.queue()).toEqual(['scheduled', 'pending']);
    });

    reordering('refuses an anchor that is not there, or not pending', async (h) => {
      await oneOfEach(h);
      for (const dryRun of [true, false]) {
        await expect(move(h, ['scheduled'], { before: 'gone' }, dryRun)).rejects.toBeInstanceOf(JobNotFoundError);
        for (const anchor of ['active', 'completed', 'failed']) {
          await expect(move(h, ['scheduled'], { after: anchor }, dryRun)).rejects.toBeInstanceOf(JobStateError);
        }
      }
      expect(await h.queue()).toEqual(['pending', 'scheduled']);
    });
  });
}
