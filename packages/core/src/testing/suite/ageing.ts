import { ValidationError } from '../../errors';
import type { ChangeAction } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

const OLD = { id: 'old', priority: 8, ageing: 1_000 };

const change = (h: Harness, action: ChangeAction, id = 'old') =>
  h.store.change({ change: action, target: { ids: [id] } });

const priorityOf = async (h: Harness, id = 'old'): Promise<number> => (await h.job(id)).priority;

/** `ageing`: the longer a job waits for its turn, the better its priority. */
export function ageing(test: StoreTest): void {
  const timed = test.needing('ageing', 'fake-clock');

  describe('a job that ages', () => {
    timed('starts although better ones keep coming', async (h) => {
      const id = await h.add(OLD);
      const started: string[] = [];
      for (let second = 0; started.at(-1) !== id && second < 20; second++) {
        await h.add();
        await h.pass(1_000);
        started.push((await h.claimOne()).job.id);
      }
      // As good as they are after three seconds, and older.
      expect(started).toHaveLength(3);
    });

    timed('takes a step each time its wait is over, which everybody sees', async (h) => {
      const recorder = await h.record();
      const at = h.now();
      await h.add(OLD);
      await h.pass(999);
      expect(await h.job('old')).toMatchObject({ priority: 8, rev: 1, ageing: 1_000 });
      expect((await h.job('old')).agedAt).toBeUndefined();
      await h.pass(1);
      expect(await h.job('old')).toMatchObject({ priority: 7, rev: 2, agedAt: iso(at + 1_000), ageing: 1_000 });
      await h.pass(1_000);
      expect(await h.job('old')).toMatchObject({ priority: 6, rev: 3, agedAt: iso(at + 2_000) });
      const steps = (await h.recorded(recorder)).filter(({ kind }) => kind === 'edited');
      expect(steps).toMatchObject([{ id: 'old' }, { id: 'old' }]);
    });

    timed('takes all steps at once that a long pause made due, and no half ones', async (h) => {
      const at = h.now();
      await h.add(OLD);
      await h.clock.jump(3_500);
      expect(await h.job('old')).toMatchObject({ priority: 5, rev: 2, agedAt: iso(at + 3_000) });
      await h.pass(500);
      expect(await h.job('old')).toMatchObject({ priority: 4, rev: 3, agedAt: iso(at + 4_000) });
    });

    timed('is never better than 1, and then stays as it is', async (h) => {
      const at = h.now();
      await h.addAll([OLD, { id: 'best', priority: 1, ageing: 1_000 }]);
      await h.clock.jump(100_000);
      await h.pass(100_000);
      expect(await h.job('old')).toMatchObject({ priority: 1, rev: 2, agedAt: iso(at + 7_000) });
      expect(await h.job('best')).toMatchObject({ priority: 1, rev: 1 });
    });

    timed('leaves alone those who did not ask for it', async (h) => {
      await h.addAll([{ id: 'plain', priority: 8 }, { id: 'tagged', priority: 8, tags: ['t'] }, OLD]);
      await h.pass(100_000);
      for (const id of ['plain', 'tagged']) expect(await h.job(id)).toMatchObject({ priority: 8, rev: 1 });
    });

    timed('ages while its type, or everything, is paused', async (h) => {
      await h.add(OLD);
      await h.store.pause(true, { type: 'a' });
      await h.pass(1_000);
      await h.store.pause(true);
      await h.pass(1_000);
      expect(await priorityOf(h)).toBe(6);
    });

    timed('does not age while it is scheduled: its wait begins at its time', async (h) => {
      const runAt = h.now() + 10_000;
      await h.add({ ...OLD, runAt });
      await h.pass(10_999);
      expect(await h.job('old')).toMatchObject({ priority: 8, rev: 1 });
      await h.pass(1);
      expect(await h.job('old')).toMatchObject({ priority: 7, agedAt: iso(runAt + 1_000) });
    });

    timed('starts by what it has reached, also when its time came with that of better ones', async (h) => {
      await h.addAll([
        { ...OLD, runAt: h.now() + 1_000 },
        { id: 'better', runAt: h.now() + 1_000 },
      ]);
      const waiting = h.claimOne();
      await h.clock.jump(60_000);
      expect((await waiting).job).toMatchObject({ id: 'old', priority: 1 });
    });

    test.needing(
      'ageing',
      'fake-clock',
      'dependencies',
    )('does not age while it waits for parents, and catches up when they have ended', async (h) => {
      const parent = await h.start();
      await h.add({ ...OLD, dependsOn: [parent.job.id] });
      await h.pass(2_500);
      expect(await h.job('old')).toMatchObject({ priority: 8, rev: 1 });
      await h.settle(parent, { outcome: 'completed' });
      expect(await h.job('old')).toMatchObject({ priority: 6, rev: 2 });
    });

    test.needing(
      'ageing',
      'fake-clock',
      'crash-policies',
    )('does not age while it is held', async (h) => {
      const claimed = await h.start({ ...OLD, onCrash: 'hold' });
      await h.store.takeBack([claimed.job.worker ?? ''], 'crashed');
      await h.pass(10_000);
      expect(await priorityOf(h)).toBe(8);
    });

    timed('does not age while it runs; back among the pending it waits anew', async (h) => {
      // That its time is over counted from its start, too, would bring the whole wait for it back.
      await h.add({ ...OLD, runAt: h.now() + 3_600_000 });
      await h.pass(3_600_000);
      const claimed = await h.claimOne();
      await h.pass(10_000);
      expect((await h.job('old')).priority).toBe(8);
      const at = h.now();
      await h.settle(claimed, { outcome: 'released' });
      await h.pass(999);
      expect(await h.job('old')).toMatchObject({ priority: 8, agedAt: iso(at) });
      await h.pass(1);
      expect(await priorityOf(h)).toBe(7);
    });

    timed('waits anew when somebody retries it', async (h) => {
      const claimed = await h.start(OLD);
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error' });
      await h.pass(3_600_000);
      await change(h, { action: 'retry' });
      expect(await priorityOf(h)).toBe(8);
      await h.pass(1_000);
      expect(await priorityOf(h)).toBe(7);
    });

    timed('waits anew when somebody changes its priority or its time', async (h) => {
      await h.add(OLD);
      await h.pass(900);
      await change(h, { action: 'reprioritise', priority: 6 });
      await h.pass(999);
      expect(await priorityOf(h)).toBe(6);
      await h.pass(1);
      expect(await priorityOf(h)).toBe(5);
      await change(h, { action: 'edit', patch: { runAt: h.now() + 60_000 } });
      await h.pass(30_000);
      await change(h, { action: 'retry' });
      await h.pass(999);
      expect(await priorityOf(h)).toBe(5);
      await h.pass(1);
      expect(await priorityOf(h)).toBe(4);
    });

    timed('is not set back by other edits', async (h) => {
      await h.add(OLD);
      await h.pass(900);
      await change(h, { action: 'edit', patch: { tags: ['new'], data: 'new', timeout: 7, maxAttempts: 5 } });
      await h.pass(100);
      expect(await priorityOf(h)).toBe(7);
    });

    timed('keeps no others waiting, be there ever so many', async (h) => {
      const ids = await h.addAll(Array.from({ length: 2_500 }, () => ({ priority: 8, ageing: 1_000 })));
      await h.clock.block(1_000);
      expect((await h.claimOne()).job.id).toBe(ids[0]);
      await h.pass(100);
      const { jobs } = await h.store.list({ filter: { priority: 8 } });
      expect(jobs).toEqual([]);
    });

    timed('says when it will be better', async (h) => {
      await h.claim();
      const at = h.now();
      await h.addAll([{}, OLD]);
      const [told] = await h.store.explain(['old']);
      expect(told?.causes).toEqual([{ code: 'ready', ahead: 1, betterAt: iso(at + 1_000) }]);
      expect(told?.sentence).toContain(iso(at + 1_000));
    });

    test.needing(
      'ageing',
      'fake-clock',
      'persistence',
    )('ages on after a restart, and catches up', async (h) => {
      const at = h.now();
      await h.add(OLD);
      await h.pass(1_500);
      await h.store.close();
      await h.pass(2_000);
      await h.reopen();
      // A store may have to look at its files before.
      const caughtUp = async (): Promise<void> => {
        while ((await priorityOf(h)) > 5) await h.clock.settle();
      };
      await h.soon(caughtUp(), 'its steps');
      expect(await h.job('old')).toMatchObject({ priority: 5, agedAt: iso(at + 3_000) });
      await h.pass(500);
      expect(await priorityOf(h)).toBe(4);
    });

    test.needing(
      'ageing',
      'fake-clock',
      'audit',
    )('is told of in its history', async (h) => {
      await h.add(OLD);
      await h.pass(1_000);
      const { entries } = await h.store.trail('old');
      expect(entries.at(-1)).toMatchObject({ op: 'edit', by: 'ageing', changes: { priority: { from: 8, to: 7 } } });
    });

    test.needing(
      'ageing',
      'fake-clock',
      'audit',
    )('goes on as before when a change of it is undone', async (h) => {
      const at = h.now();
      await h.add(OLD);
      await h.pass(1_500);
      const { operation } = await change(h, { action: 'reprioritise', priority: 10 });
      await h.store.undo(operation === undefined ? {} : { operation });
      expect(await h.job('old')).toMatchObject({ priority: 7, agedAt: iso(at + 1_000) });
      await h.pass(500);
      expect(await priorityOf(h)).toBe(6);
    });

    test.needing('ageing')('does so after a whole number of milliseconds', async (h) => {
      for (const ageing of [0, 0.5, -1, Number.NaN]) {
        const adding = h.store.add([{ type: 'a', data: null, ageing }]);
        await expect(adding).rejects.toBeInstanceOf(ValidationError);
        await expect(adding).rejects.toMatchObject({ issues: [{ path: ['ageing'] }] });
      }
    });
  });
}
