import type { Job } from '../../job';
import type { ChangeAction, ChangeResult, UndoResult } from '../../store';
import { describe, expect } from '../vitest-api';
import { oneOfEach } from './change';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const ALL = { filter: {} };

const change = (h: Harness, action: ChangeAction, target: { ids: string[] } | { filter: object } = ALL) =>
  h.store.change({ change: action, target });

const takeBack = (h: Harness, { operation }: ChangeResult): Promise<UndoResult> => {
  if (operation === undefined) throw new Error('The change has no number.');
  return h.store.undo({ operation });
};

/** All that a change can have altered: how often and when a job changed goes on. */
const comparable = (jobs: Job[]): unknown[] =>
  jobs.map(({ rev: _rev, updated: _updated, ...job }) => job).sort((a, b) => (a.id < b.id ? -1 : 1));

/** `undo`: what a change did is taken back, for the jobs that have not moved on. */
export function undo(test: StoreTest): void {
  const audited = test.needing('audit');

  const puts = (name: string, action: ChangeAction): void =>
    audited(`puts back ${name}`, async (h) => {
      await oneOfEach(h);
      await h.addAll([{ id: 'first', key: 'k' }, { id: 'second' }]);
      const before = comparable(await h.everything());
      const queue = await h.queue();
      const changed = await change(h, action, { filter: { status: ['pending', 'failed', 'completed'] } });
      expect(changed.changed).toBeGreaterThan(0);
      expect(comparable(await h.everything())).not.toEqual(before);
      const undone = await takeBack(h, changed);
      expect(undone).toMatchObject({ matched: changed.changed, changed: changed.changed, skipped: [] });
      expect(undone.undone).toBe(changed.operation);
      expect([...undone.ids].sort()).toEqual([...changed.ids].sort());
      expect(comparable(await h.everything())).toEqual(before);
      expect(await h.queue()).toEqual(queue);
    });

  describe('undo', () => {
    puts('cancelled jobs', { action: 'cancel' });
    puts('removed jobs', { action: 'remove' });
    puts('retried jobs', { action: 'retry' });
    puts('priorities', { action: 'reprioritise', priority: 1 });
    puts('edits', {
      action: 'edit',
      patch: { data: { new: true }, priority: 3, tags: ['x'], runAt: null, timeout: 50, maxAttempts: 9 },
    });

    test.needing('audit', 'expiry')('puts back when a job expires', async (h) => {
      const expiresAt = h.now() + 3_600_000;
      await h.addAll([{ id: 'some', expiresAt }, { id: 'none' }]);
      const before = comparable(await h.everything());
      const edited = await change(h, { action: 'edit', patch: { expiresAt: expiresAt + 1 } });
      await takeBack(h, edited);
      expect(comparable(await h.everything())).toEqual(before);
    });

    test.needing('audit', 'crash-policies')('holds again what was approved', async (h) => {
      const { job } = await h.start({ onCrash: 'hold' });
      await h.store.takeBack(['w1'], 'crashed');
      const before = comparable(await h.everything());
      const approved = await change(h, { action: 'approve' }, { ids: [job.id] });
      expect((await h.store.counts()).waiting.held).toBe(0);
      await takeBack(h, approved);
      expect(comparable(await h.everything())).toEqual(before);
      expect(await h.claim()).toEqual([]);
    });

    test.needing('audit', 'dead-letters')('brings dead letters back', async (h) => {
      await h.fail({ id: 'mail', deadLetter: 'dead' });
      const before = comparable(await h.everything());
      const redriven = await change(h, { action: 'redrive' });
      expect(redriven.changed).toBe(1);
      await takeBack(h, redriven);
      expect(comparable(await h.everything())).toEqual(before);
    });

    test.needing('audit', 'reorder')('puts back an order, neighbours included', async (h) => {
      await h.addAll([{ id: 'a' }, { id: 'b', priority: 2 }, { id: 'c' }, { id: 'd' }]);
      const before = comparable(await h.everything());
      const moved = await change(h, { action: 'move', target: { before: 'b' } }, { ids: ['d', 'c'] });
      expect(await h.queue()).toEqual(['c', 'd', 'b', 'a']);
      expect(await takeBack(h, moved)).toMatchObject({ changed: 2 });
      expect(comparable(await h.everything())).toEqual(before);
    });

    audited('leaves alone what moved on since, and says why', async (h) => {
      await h.addAll([{ id: 'edited' }, { id: 'started' }, { id: 'gone' }, { id: 'same' }]);
      const changed = await change(h, { action: 'reprioritise', priority: 2 });
      await change(h, { action: 'edit', patch: { data: 1, priority: 1 } }, { ids: ['started'] });
      expect((await h.claimOne()).job.id).toBe('started');
      await change(h, { action: 'edit', patch: { data: 1 } }, { ids: ['edited'] });
      await change(h, { action: 'remove' }, { ids: ['gone'] });
      const result = await takeBack(h, changed);
      expect(result).toMatchObject({ matched: 4, changed: 1, ids: ['same'] });
      expect(result.skipped.map(({ reason, ids }) => [reason, ids]).sort()).toEqual([
        ['active', ['started']],
        ['not-found', ['gone']],
        ['pending', ['edited']],
      ]);
      expect((await h.job('edited')).priority).toBe(2);
      expect((await h.job('same')).priority).toBe(5);
    });

    audited('does not take an id or a key from a job that has it by now', async (h) => {
      await h.addAll([
        { id: 'a', key: 'k' },
        { id: 'b', key: 'l' },
      ]);
      const cancelled = await change(h, { action: 'cancel' }, { ids: ['a'] });
      const removed = await change(h, { action: 'remove' }, { ids: ['b'] });
      await h.addAll([{ id: 'holder', key: 'k' }, { id: 'b' }]);
      expect(await takeBack(h, cancelled)).toMatchObject({ changed: 0, skipped: [{ reason: 'failed', ids: ['a'] }] });
      expect(await takeBack(h, removed)).toMatchObject({ changed: 0, skipped: [{ reason: 'pending', ids: ['b'] }] });
    });

    audited('of the newest change is the default, and can itself be undone', async (h) => {
      await h.addAll([{ id: 'a' }, { id: 'b' }]);
      await change(h, { action: 'reprioritise', priority: 7 });
      await change(h, { action: 'remove' });
      const back = await h.store.undo({ by: 'ada' });
      expect(back).toMatchObject({ changed: 2 });
      expect((await h.everything()).map(({ priority }) => priority)).toEqual([7, 7]);
      expect((await h.store.trail('a')).entries.at(-1)).toMatchObject({ op: 'add', by: 'ada' });
      await takeBack(h, back);
      expect(await h.everything()).toEqual([]);
    });

    audited('only tells what it would do when it is dry', async (h) => {
      await h.addAll([{ id: 'a' }, { id: 'b' }]);
      await change(h, { action: 'cancel' });
      const before = await h.everything();
      const dry = await h.store.undo({ dryRun: true });
      expect(dry).toMatchObject({ dryRun: true, matched: 2, changed: 2, ids: ['a', 'b'], skipped: [] });
      expect(dry).not.toHaveProperty('operation');
      expect(await h.everything()).toEqual(before);
    });

    audited('lets a job run that was cancelled, and a restored one be claimed with its own data', async (h) => {
      const id = await h.add({ data: { mine: 1 } });
      await takeBack(h, await change(h, { action: 'edit', patch: { data: 'theirs' } }));
      await takeBack(h, await change(h, { action: 'cancel' }));
      await takeBack(h, await change(h, { action: 'remove' }));
      expect((await h.claimOne()).job).toMatchObject({ id, attempt: 1, data: { mine: 1 } });
    });

    test.needing('audit', 'dependencies')(
      'keeps a child blocked, or lets it go, by its parents as they are',
      async (h) => {
        await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
        const cancelled = await change(h, { action: 'cancel' }, { ids: ['child'] });
        await takeBack(h, cancelled);
        expect((await h.store.counts()).waiting).toMatchObject({ ready: 1, blocked: 1 });
        const removed = await change(h, { action: 'remove' }, { ids: ['child'] });
        await h.settle(await h.claimOne(), { outcome: 'completed' });
        await takeBack(h, removed);
        expect((await h.claimOne()).job.id).toBe('child');
      },
    );

    describe('of what took a parent away', () => {
      const family = test.needing('audit', 'dependencies');
      const failing = (id: string, ...dependsOn: string[]) => ({ id, dependsOn, onParentFailed: 'fail' as const });

      for (const action of ['cancel', 'remove'] as const) {
        family(`brings back what failed with it: ${action}`, async (h) => {
          await h.addAll([{ id: 'parent' }, failing('child', 'parent'), failing('grandchild', 'child', 'parent')]);
          const before = comparable(await h.everything());
          const changed = await change(h, { action }, { ids: ['parent'] });
          expect((await h.job('grandchild')).reason).toBe('dependency');
          const undone = await takeBack(h, changed);
          expect(undone).toMatchObject({ changed: 3, ids: ['parent', 'child', 'grandchild'], skipped: [] });
          expect(comparable(await h.everything())).toEqual(before);
          expect((await h.store.counts()).waiting).toMatchObject({ ready: 1, blocked: 2 });
          const again = await takeBack(h, undone);
          expect(again).toMatchObject({ changed: 3, skipped: [] });
          expect((await h.job('grandchild')).reason).toBe('dependency');
          await takeBack(h, again);
          expect(comparable(await h.everything())).toEqual(before);
          for (const id of ['parent', 'child', 'grandchild']) {
            const claimed = await h.claimOne();
            expect(claimed.job.id).toBe(id);
            await h.settle(claimed, { outcome: 'completed' });
          }
        });
      }

      family('brings back the job that waited for a child of its own', async (h) => {
        const claimed = await h.start({ id: 'whole' });
        const children = { name: 'parts', jobs: [{ id: 'part', type: 't', data: 1 }], onChildFailed: 'fail' as const };
        await h.settle(claimed, { outcome: 'waiting', children });
        const before = comparable(await h.everything());
        const cancelled = await change(h, { action: 'cancel' }, { ids: ['part'] });
        expect((await h.job('whole')).reason).toBe('dependency');
        expect(await takeBack(h, cancelled)).toMatchObject({ changed: 2, ids: ['part', 'whole'] });
        expect(comparable(await h.everything())).toEqual(before);
      });

      family('leaves those that went on without it', async (h) => {
        const policies = ['wait', 'continue', 'skip', 'only'] as const;
        const children = policies.map((onParentFailed) => ({ id: onParentFailed, dependsOn: ['p'], onParentFailed }));
        await h.addAll([{ id: 'p' }, ...children]);
        const cancelled = await change(h, { action: 'cancel' }, { ids: ['p'] });
        expect(await takeBack(h, cancelled)).toMatchObject({ changed: 1, ids: ['p'], skipped: [] });
        expect(await h.job('skip')).toMatchObject({ status: 'completed', skipped: true });
        expect((await h.store.counts()).waiting).toMatchObject({ ready: 3, blocked: 1 });
      });

      family('leaves alone what moved on since, and those that fail with it', async (h) => {
        await h.addAll([{ id: 'p1' }, failing('c1', 'p1'), { id: 'p2' }, failing('c2', 'p2')]);
        const cancelled = await change(h, { action: 'cancel' }, { ids: ['p1', 'p2'] });
        await change(h, { action: 'remove' }, { ids: ['p1', 'c2'] });
        const undone = await takeBack(h, cancelled);
        expect(undone).toMatchObject({ matched: 4, changed: 1, ids: ['p2'] });
        expect(undone.skipped.map(({ reason, message, ids }) => [reason, message, ids])).toEqual([
          ['not-found', 'there is no such job any more', ['p1', 'c2']],
          ['failed', 'it failed with p1, which does not come back', ['c1']],
        ]);
      });

      family('takes no failure for its own that came later', async (h) => {
        await h.addAll([{ id: 'parent' }, failing('child', 'parent')]);
        await change(h, { action: 'cancel' }, { ids: ['child'] });
        const cancelled = await change(h, { action: 'cancel' }, { ids: ['parent'] });
        await change(h, { action: 'retry' }, { ids: ['parent', 'child'] });
        await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
        expect((await h.job('child')).reason).toBe('dependency');
        expect(await takeBack(h, cancelled)).toMatchObject({ matched: 1, changed: 0 });
      });

      test.needing(
        'audit',
        'dependencies',
        'dead-letters',
      )('takes their dead letters away', async (h) => {
        await h.addAll([{ id: 'parent' }, { ...failing('child', 'parent'), deadLetter: 'dead' }]);
        const before = comparable(await h.everything());
        const cancelled = await change(h, { action: 'cancel' }, { ids: ['parent'] });
        const withLetter = comparable(await h.everything());
        expect(withLetter).toHaveLength(3);
        const undone = await takeBack(h, cancelled);
        expect(comparable(await h.everything())).toEqual(before);
        await takeBack(h, undone);
        expect(comparable(await h.everything())).toEqual(withLetter);
      });

      family('brings back thousands that failed with it', async (h) => {
        await h.addAll([{ id: 'parent' }, ...Array.from({ length: 2_500 }, (_, n) => failing(`c${n}`, 'parent'))]);
        const cancelled = await change(h, { action: 'cancel' }, { ids: ['parent'] });
        while ((await h.store.counts()).failed < 2_501) await h.pass(1);
        expect(await takeBack(h, cancelled)).toMatchObject({ changed: 2_501, skipped: [] });
        expect((await h.store.counts()).waiting).toMatchObject({ ready: 1, blocked: 2_500 });
      });

      test.needing(
        'audit',
        'dependencies',
        'persistence',
      )('also after the store was opened again', async (h) => {
        await h.addAll([{ id: 'parent' }, failing('child', 'parent')]);
        const before = comparable(await h.everything());
        await change(h, { action: 'cancel' }, { ids: ['parent'] });
        await h.reopen();
        expect(await h.store.undo()).toMatchObject({ changed: 2, skipped: [] });
        await h.reopen();
        expect(comparable(await h.everything())).toEqual(before);
        expect((await h.store.counts()).waiting).toMatchObject({ ready: 1, blocked: 1 });
      });
    });

    test.needing('audit', 'dependencies')(
      'lets no job run before its parent that was cancelled, and removed',
      async (h) => {
        await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'] }]);
        await change(h, { action: 'cancel' }, { ids: ['child'] });
        await takeBack(h, await change(h, { action: 'remove' }, { ids: ['child'] }));
        await change(h, { action: 'retry' }, { ids: ['child'] });
        const parent = await h.claimOne({ limit: 5 });
        expect(parent.job.id).toBe('parent');
        await h.settle(parent, { outcome: 'completed' });
        expect((await h.claimOne()).job.id).toBe('child');
      },
    );

    audited('tells its subscribers', async (h) => {
      await h.add({ id: 'a' });
      await h.fail({ id: 'b', priority: 1 });
      await change(h, { action: 'cancel' }, { ids: ['a'] });
      const recorder = await h.record();
      await h.store.undo();
      await takeBack(h, await change(h, { action: 'retry' }, { ids: ['b'] }));
      await takeBack(h, await change(h, { action: 'remove' }, { ids: ['b'] }));
      const events = await h.recorded(recorder);
      expect(events.map(({ kind, id, status }) => [kind, id, status])).toEqual([
        ['edited', 'a', 'pending'],
        ['retrying', 'b', 'pending'],
        ['failed', 'b', 'failed'],
        ['removed', 'b', 'failed'],
        ['added', 'b', 'failed'],
      ]);
    });

    audited('refuses a change that is not there', async (h) => {
      await expect(h.store.undo()).rejects.toMatchObject({ code: 'NO_OPERATION' });
      await h.add();
      await expect(h.store.undo({ operation: 1 })).rejects.toMatchObject({ code: 'NO_OPERATION' });
    });

    audited('goes in slices, and skips nothing on the way', async (h) => {
      const ids = await h.addAll(Array.from({ length: 4_500 }, (_, n) => ({ id: `j${n}` })));
      const removed = await change(h, { action: 'remove' });
      expect(removed.changed).toBe(ids.length);
      expect(await takeBack(h, removed)).toMatchObject({ changed: ids.length, skipped: [] });
      expect(await h.queue()).toEqual(ids.slice(0, 1_000));
    });

    test.needing('audit', 'persistence')('knows the newest change after the store was opened again', async (h) => {
      await h.addAll([{ id: 'a', data: 'kept' }, { id: 'b' }]);
      await h.fail({ id: 'c', priority: 1 });
      const before = comparable(await h.everything());
      await change(h, { action: 'remove' });
      await h.reopen();
      expect(await h.store.undo()).toMatchObject({ changed: 3 });
      expect(comparable(await h.everything())).toEqual(before);
      await h.reopen();
      expect(comparable(await h.everything())).toEqual(before);
    });
  });
}
