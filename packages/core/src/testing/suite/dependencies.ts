import { CycleError, ValidationError } from '../../errors';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const claimedIds = async (h: Harness): Promise<string[]> => (await h.claim()).map(({ job }) => job.id);

async function completeNext(h: Harness): Promise<string> {
  const claimed = await h.claimOne();
  await h.settle(claimed, { outcome: 'completed' });
  return claimed.job.id;
}

/** `dependsOn`: jobs that wait for other jobs to complete. */
export function dependencies(test: StoreTest): void {
  const dependent = test.needing('dependencies');

  describe('dependsOn', () => {
    dependent('keeps a job back until all its parents completed', async (h) => {
      await h.addAll([
        { id: 'child', dependsOn: ['p1', 'p2'], priority: 1 },
        { id: 'p1' },
        { id: 'p2' },
        { id: 'grandchild', dependsOn: ['child'] },
      ]);
      expect((await h.job('child')).dependsOn).toEqual(['p1', 'p2']);
      expect(await completeNext(h)).toBe('p1');
      expect(await claimedIds(h)).toEqual(['p2']);
      await h.store.takeBack(['w1'], 'released');
      expect(await completeNext(h)).toBe('p2');
      expect(await completeNext(h)).toBe('child');
      expect(await completeNext(h)).toBe('grandchild');
      expect((await h.store.counts()).completed).toBe(4);
    });

    dependent('wakes those who wait', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
      const parent = await h.claimOne();
      const waiting = h.claimOne({ worker: 'w2' });
      await h.settle(parent, { outcome: 'completed' });
      expect((await waiting).job.id).toBe('child');
    });

    dependent('releases at once what depends on completed jobs only', async (h) => {
      await h.complete({ id: 'done' });
      await h.add({ id: 'child', dependsOn: ['done'] });
      expect(await claimedIds(h)).toEqual(['child']);
    });

    dependent('may name a parent twice', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent', 'parent'] }]);
      await completeNext(h);
      expect(await claimedIds(h)).toEqual(['child']);
    });

    dependent('keeps the child blocked when its parent fails, until the parent is retried and completes', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
      expect(await claimedIds(h)).toEqual([]);
      expect((await h.store.counts()).waiting.blocked).toBe(1);
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['parent'] } });
      expect(await completeNext(h)).toBe('parent');
      expect(await claimedIds(h)).toEqual(['child']);
    });

    dependent('keeps the child released when its parent is removed after it completed', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
      await completeNext(h);
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['parent'] } });
      expect(await claimedIds(h)).toEqual(['child']);
    });

    for (const removed of [false, true]) {
      dependent(
        `counts parents that complete${removed ? ' and are removed' : ''} while the child is cancelled`,
        async (h) => {
          await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
          await h.store.change({ change: { action: 'cancel' }, target: { ids: ['child'] } });
          await completeNext(h);
          if (removed) await h.store.change({ change: { action: 'remove' }, target: { ids: ['parent'] } });
          await h.store.change({ change: { action: 'retry' }, target: { ids: ['child'] } });
          expect(await claimedIds(h)).toEqual(['child']);
        },
      );
    }

    dependent('is not lifted by retry: a blocked job is left unchanged', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
      const result = await h.store.change({ change: { action: 'retry' }, target: { ids: ['child'] } });
      expect(result).toMatchObject({ changed: 0, skipped: [{ reason: 'unchanged' }] });
      expect(await claimedIds(h)).toEqual(['parent']);
    });

    dependent('adds up with a time', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'], runAt: h.now() + 60 }]);
      await completeNext(h);
      const waiting = h.claimOne();
      await h.pass(60);
      expect((await waiting).job.id).toBe('child');
    });

    dependent('takes many parents', async (h) => {
      const parents = Array.from({ length: 1_000 }, (_, n) => `p-${n}`);
      await h.addAll([...parents.map((id) => ({ id })), { id: 'child', dependsOn: parents, priority: 1 }]);
      const claimed = await h.claim({ limit: 1_000 });
      expect(claimed).toHaveLength(1_000);
      const settlements = claimed.map(({ job, token }) => ({ id: job.id, token, outcome: 'completed' as const }));
      await h.store.settle(settlements.slice(1));
      expect(await claimedIds(h)).toEqual([]);
      await h.store.settle(settlements.slice(0, 1));
      expect(await claimedIds(h)).toEqual(['child']);
    });

    dependent('refuses a parent that is not there, and adds nothing', async (h) => {
      await h.add({ id: 'there' });
      const specs = [{ id: 'other' }, { id: 'child', dependsOn: ['there', 'gone'] }];
      const error = await h.addAll(specs).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({ issues: [{ path: [1, 'dependsOn', 1] }] });
      const alone = await h.add({ dependsOn: ['gone'] }).catch((thrown: unknown) => thrown);
      expect(alone).toMatchObject({ code: 'INVALID', issues: [{ path: ['dependsOn', 0] }] });
      expect((await h.everything()).map((job) => job.id)).toEqual(['there']);
    });

    const cycles: [what: string, specs: { id: string; dependsOn: string[] }[], members: string[]][] = [
      ['of one', [{ id: 'self', dependsOn: ['self'] }], ['self']],
      [
        'of two',
        [
          { id: 'a', dependsOn: ['b'] },
          { id: 'b', dependsOn: ['a'] },
        ],
        ['a', 'b'],
      ],
      [
        'of three, beside others',
        [
          { id: 'fine', dependsOn: [] },
          { id: 'x', dependsOn: ['y', 'fine'] },
          { id: 'y', dependsOn: ['z'] },
          { id: 'z', dependsOn: ['x'] },
          { id: 'after', dependsOn: ['x'] },
        ],
        ['x', 'y', 'z'],
      ],
    ];
    for (const [what, specs, members] of cycles) {
      dependent(`refuses a cycle ${what}, and adds nothing`, async (h) => {
        const error = await h.addAll(specs).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(CycleError);
        expect([...new Set((error as CycleError).cycle)].sort()).toEqual(members);
        expect(await h.everything()).toEqual([]);
      });
    }

    dependent('refuses no batch whose jobs share a parent', async (h) => {
      await h.addAll([
        { id: 'top' },
        { id: 'left', dependsOn: ['top'] },
        { id: 'right', dependsOn: ['top'] },
        { id: 'bottom', dependsOn: ['left', 'right', 'top'] },
      ]);
      const order = [await completeNext(h), await completeNext(h), await completeNext(h), await completeNext(h)];
      expect(order).toEqual(['top', 'left', 'right', 'bottom']);
    });

    dependent('refuses more than 10,000 parents', async (h) => {
      await h.add({ id: 'parent' });
      const error = await h
        .add({ dependsOn: Array.from({ length: 10_001 }, () => 'parent') })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({ issues: [{ path: ['dependsOn'] }] });
    });
  });
}
