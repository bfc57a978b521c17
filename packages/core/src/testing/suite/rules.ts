import type { DefinitionChange } from '../../definition';
import type { LimitSpec } from '../../limit';
import type { ClaimedJob, JobStore } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const limit = (name: string, value: LimitSpec): DefinitionChange => ({
  kind: 'limit',
  name,
  value: { ...value } as never,
});
const pool = (name: string, capacity: number): DefinitionChange => ({ kind: 'pool', name, value: { capacity } });
const ids = (claimed: ClaimedJob[]): string[] => claimed.map(({ job }) => job.id);
const complete = (store: JobStore, { job, token }: ClaimedJob) =>
  store.settle([{ id: job.id, token, outcome: 'completed' }]);

/** Adds so many jobs of a group, named after it. */
const ofGroup = (h: Harness, group: string, count: number) =>
  h.addAll(Array.from({ length: count }, (_, i) => ({ id: `${group}-${i}`, group })));

/** Limits, pools, and turns between groups. */
export function rules(test: StoreTest): void {
  const ruled = test.needing('definitions', 'rules');
  const timed = test.needing('definitions', 'rules', 'fake-clock');
  const persistent = test.needing('definitions', 'rules', 'persistence');

  describe('a limit of concurrency', () => {
    ruled('lets so many run at once, and the next when one ends', async (h) => {
      await h.store.define([limit('two', { concurrency: 2 })]);
      const all = await h.addAll([{}, {}, {}, {}]);
      const first = await h.claim({ limit: 10 });
      expect(ids(first)).toEqual(all.slice(0, 2));
      expect(await h.claim({ limit: 10 })).toEqual([]);
      const waiting = h.claim({ limit: 10, wait: true });
      await complete(h.store, first[0] as ClaimedJob);
      expect(ids(await h.soon(waiting, 'claim'))).toEqual([all[2]]);
    });

    ruled('counts by type, where asked, and is about its types alone', async (h) => {
      await h.store.define([limit('one', { types: ['a', 'b'], by: 'type', concurrency: 1 })]);
      await h.addAll(['a', 'a', 'b', 'b', 'c', 'c'].map((type, i) => ({ id: `${type}${i}`, type })));
      expect(ids(await h.claim({ limit: 10 })).sort()).toEqual(['a0', 'b2', 'c4', 'c5']);
    });

    ruled('counts by group, where asked; jobs of no group are free', async (h) => {
      await h.store.define([limit('one', { by: 'group', concurrency: 1 })]);
      await ofGroup(h, 'x', 2);
      await ofGroup(h, 'y', 2);
      await h.addAll([{ id: 'free-0' }, { id: 'free-1' }]);
      expect(ids(await h.claim({ limit: 10 })).sort()).toEqual(['free-0', 'free-1', 'x-0', 'y-0']);
    });

    ruled('is about jobs that carry one of its tags', async (h) => {
      await h.store.define([limit('one', { tags: ['heavy'], concurrency: 1 })]);
      await h.addAll([
        { id: 'h0', tags: ['heavy', 'x'] },
        { id: 'h1', tags: ['heavy'] },
        { id: 'l0', tags: ['light'] },
        { id: 'l1' },
      ]);
      expect(ids(await h.claim({ limit: 10 })).sort()).toEqual(['h0', 'l0', 'l1']);
    });

    ruled('keeps its place free for no job of another kind that came first meanwhile', async (h) => {
      await h.store.define([limit('one', { concurrency: 1 })]);
      await h.addAll([{ id: 'running' }, { id: 'plain' }, { id: 'special', needs: { cpu: 1 } }]);
      const running = await h.claimOne();
      expect(await h.claim()).toEqual([]);
      await complete(h.store, running);
      await h.add({ id: 'urgent', priority: 1, needs: { cpu: 1 } });
      expect(ids(await h.claim())).toEqual(['urgent']);
    });

    ruled('of zero lets none start, and explains why', async (h) => {
      await h.store.define([limit('none', { types: ['a'], concurrency: 0 })]);
      const [id] = await h.addAll([{ type: 'a' }]);
      expect(await h.claim()).toEqual([]);
      const [explanation] = await h.store.explain([id as string]);
      expect(explanation?.causes).toContainEqual({ code: 'limit', limit: 'none', by: 'concurrency' });
    });

    ruled('may change, or go, while jobs run', async (h) => {
      await h.store.define([limit('some', { concurrency: 1 })]);
      const all = await h.addAll([{}, {}, {}, {}]);
      expect(ids(await h.claim({ limit: 10 }))).toEqual(all.slice(0, 1));
      const waiting = h.claim({ limit: 10, wait: true });
      await h.store.define([limit('some', { concurrency: 2 })]);
      expect(ids(await h.soon(waiting, 'claim'))).toEqual([all[1]]);
      const again = h.claim({ limit: 10, wait: true });
      await h.store.define([{ kind: 'limit', name: 'some', value: null }]);
      expect(ids(await h.soon(again, 'claim'))).toEqual(all.slice(2));
    });

    ruled('frees its places however jobs end', async (h) => {
      await h.store.define([limit('one', { concurrency: 1 })]);
      await h.addAll([
        { id: 'failed', maxAttempts: 1 },
        { id: 'released' },
        { id: 'crashed', maxCrashes: 1 },
        { id: 'last' },
      ]);
      const failed = await h.claimOne();
      await h.store.settle([{ id: 'failed', token: failed.token, outcome: 'failed', reason: 'error', error: BOOM }]);
      const released = await h.claimOne();
      await h.store.settle([{ id: 'released', token: released.token, outcome: 'released' }]);
      const again = await h.claimOne();
      expect(again.job.id).toBe('released');
      await complete(h.store, again);
      await h.claimOne({ worker: 'mortal' });
      await h.store.takeBack(['mortal'], 'crashed');
      expect((await h.claimOne()).job.id).toBe('last');
      expect(await h.claim()).toEqual([]);
    });

    ruled('holds for workers of different types together, and stands in nobody’s way', async (h) => {
      await h.store.define([limit('one', { types: ['a', 'b'], concurrency: 1 })]);
      await h.addAll([
        { id: 'a0', type: 'a' },
        { id: 'b0', type: 'b' },
        { id: 'b1', type: 'b' },
      ]);
      const first = await h.claimOne({ types: { b: 5 } });
      expect(first.job.id).toBe('b0');
      expect(await h.claim({ types: { a: 5 } })).toEqual([]);
      const waiting = h.claim({ types: { b: 5 }, wait: true });
      await complete(h.store, first);
      // Nobody takes type a: its job, though first, must not keep the place.
      expect(ids(await h.soon(waiting, 'claim'))).toEqual(['b1']);
    });

    persistent('counts what runs after a reopening', async (h) => {
      await h.store.define([limit('one', { concurrency: 1 })]);
      await h.addAll([{}, {}]);
      await h.reopen();
      await h.claimOne();
      expect(await h.claim()).toEqual([]);
    });
  });

  describe('a limit of rate', () => {
    timed('lets a burst through, then as many as come in the time', async (h) => {
      await h.store.define([limit('slow', { rate: { count: 2, per: 1_000 } })]);
      const all = await h.addAll(Array.from({ length: 6 }, () => ({})));
      expect(ids(await h.claim({ limit: 10 }))).toEqual(all.slice(0, 2));
      await h.pass(499);
      expect(await h.claim({ limit: 10 })).toEqual([]);
      await h.pass(1);
      expect(ids(await h.claim({ limit: 10 }))).toEqual([all[2]]);
      await h.pass(10_000);
      expect(ids(await h.claim({ limit: 10 }))).toEqual(all.slice(3, 5));
    });

    timed('wakes who waits when the time has come', async (h) => {
      await h.store.define([limit('slow', { rate: { count: 1, per: 60_000 } })]);
      const all = await h.addAll([{}, {}]);
      await h.claimOne();
      const waiting = h.claim({ wait: true });
      await h.pass(60_000);
      expect(ids(await h.soon(waiting, 'claim'))).toEqual([all[1]]);
    });

    timed('counts each group by itself, and tells when the next may start', async (h) => {
      await h.store.define([limit('slow', { by: 'group', rate: { count: 1, per: 1_000 } })]);
      await ofGroup(h, 'x', 2);
      await ofGroup(h, 'y', 2);
      const start = h.now();
      expect(ids(await h.claim({ limit: 10 })).sort()).toEqual(['x-0', 'y-0']);
      const [explanation] = await h.store.explain(['x-1']);
      const until = new Date(start + 1_000).toISOString();
      expect(explanation?.causes).toContainEqual({ code: 'limit', limit: 'slow', by: 'rate', group: 'x', until });
      expect(explanation?.sentence).toContain(until);
    });

    timed('is as full again as its burst says, whatever became of the jobs', async (h) => {
      await h.store.define([limit('slow', { rate: { count: 1, per: 1_000, burst: 3 } })]);
      await h.addAll(Array.from({ length: 9 }, () => ({})));
      for (const claimed of await h.claim({ limit: 10 })) await complete(h.store, claimed);
      expect((await h.store.counts()).completed).toBe(3);
      await h.pass(2_000);
      expect(await h.claim({ limit: 10 })).toHaveLength(2);
    });
  });

  describe('the order of a group', () => {
    timed('is kept, retries included', async (h) => {
      await h.store.define([limit('strict', { by: 'group', ordered: true })]);
      await h.addAll([
        { id: 'x-0', group: 'x', maxAttempts: 2, backoff: { type: 'fixed', delay: 1_000 } },
        { id: 'x-1', group: 'x' },
        { id: 'y-0', group: 'y' },
      ]);
      const [x, y] = (await h.claim({ limit: 10 })) as [ClaimedJob, ClaimedJob];
      expect([x.job.id, y.job.id].sort()).toEqual(['x-0', 'y-0']);
      await h.store.settle([
        {
          id: 'x-0',
          token: (x.job.id === 'x-0' ? x : y).token,
          outcome: 'failed',
          reason: 'error',
          error: BOOM,
          retryIn: 1_000,
        },
      ]);
      expect(await h.claim({ limit: 10 })).toEqual([]);
      expect((await h.store.explain(['x-1']))[0]?.causes).toContainEqual({
        code: 'limit',
        limit: 'strict',
        by: 'order',
        group: 'x',
      });
      await h.pass(1_000);
      const again = await h.claimOne({ limit: 10 });
      expect(again.job.id).toBe('x-0');
      await complete(h.store, again);
      expect((await h.claimOne()).job.id).toBe('x-1');
    });

    timed('is kept by a job that was put off before it ever failed', async (h) => {
      await h.store.define([limit('strict', { by: 'group', ordered: true })]);
      await h.addAll([
        { id: 'x-0', group: 'x' },
        { id: 'x-1', group: 'x' },
      ]);
      await h.settle(await h.claimOne(), { outcome: 'released', delay: 1_000 });
      expect(await h.claim({ limit: 10 })).toEqual([]);
      await h.pass(1_000);
      const again = await h.claimOne({ limit: 10 });
      expect(again.job.id).toBe('x-0');
      await complete(h.store, again);
      expect((await h.claimOne()).job.id).toBe('x-1');
    });
  });

  describe('groups', () => {
    test.needing('rules')('take turns, so that many jobs of one do not starve another’s few', async (h) => {
      await ofGroup(h, 'big', 20);
      await ofGroup(h, 'small', 3);
      await ofGroup(h, 'tiny', 1);
      const started: string[] = [];
      for (let i = 0; i < 4; i++) started.push(...ids(await h.claim({ limit: 2 })));
      expect(started.filter((id) => id.startsWith('small'))).toEqual(['small-0', 'small-1', 'small-2']);
      expect(started).toContain('tiny-0');
      expect(started.filter((id) => id.startsWith('big'))).toEqual(['big-0', 'big-1', 'big-2', 'big-3']);
    });

    test.needing('rules')('take turns within a priority only', async (h) => {
      await ofGroup(h, 'x', 2);
      await h.addAll([
        { id: 'y-0', group: 'y', priority: 9 },
        { id: 'z-0', group: 'z', priority: 1 },
      ]);
      expect(ids(await h.claim({ limit: 10 }))).toEqual(['z-0', 'x-0', 'x-1', 'y-0']);
    });
  });

  describe('a pool', () => {
    ruled('lets jobs start as far as it has what they need', async (h) => {
      await h.store.define([pool('memory', 1_000), pool('gpu', 1)]);
      await h.addAll([
        { id: 'a', needs: { memory: 600 } },
        { id: 'b', needs: { memory: 300, gpu: 1 } },
        { id: 'c', needs: { gpu: 1 } },
        { id: 'd', needs: { memory: 100 } },
        { id: 'e' },
      ]);
      const first = await h.claim({ limit: 10 });
      expect(ids(first).sort()).toEqual(['a', 'b', 'd', 'e']);
      const [explanation] = await h.store.explain(['c']);
      expect(explanation?.causes).toEqual([
        expect.objectContaining({ code: 'pool', pool: 'gpu', needs: 1, capacity: 1, inUse: 1 }),
      ]);
      await complete(h.store, first.find(({ job }) => job.id === 'b') as ClaimedJob);
      expect(ids(await h.claim({ limit: 10 }))).toEqual(['c']);
    });

    ruled('gives a large job its turn before small ones that came later', async (h) => {
      await h.store.define([pool('cpu', 4)]);
      await h.addAll([
        { id: 's0', needs: { cpu: 2 } },
        { id: 'large', needs: { cpu: 4 } },
        { id: 's1', needs: { cpu: 1 } },
      ]);
      const [small] = (await h.claim({ limit: 10 })) as [ClaimedJob];
      expect(small.job.id).toBe('s0');
      expect(await h.claim({ limit: 10 })).toEqual([]);
      await complete(h.store, small);
      expect(ids(await h.claim({ limit: 10 }))).toEqual(['large']);
    });

    ruled('that is too small for a job keeps nobody else waiting', async (h) => {
      await h.store.define([pool('cpu', 4)]);
      await h.addAll([
        { id: 'huge', needs: { cpu: 5 } },
        { id: 'small', needs: { cpu: 1 } },
      ]);
      expect(ids(await h.claim({ limit: 10 }))).toEqual(['small']);
      expect((await h.store.explain(['huge']))[0]?.sentence).toContain('can never start');
      await h.store.define([pool('cpu', 8)]);
      expect(ids(await h.claim({ limit: 10 }))).toEqual(['huge']);
    });

    ruled('that is not defined holds nothing back', async (h) => {
      await h.addAll([{ id: 'a', needs: { unheard: 5 } }]);
      expect(ids(await h.claim())).toEqual(['a']);
    });
  });

  describe('a job', () => {
    test.needing('rules')('keeps its group and needs', async (h) => {
      await h.addAll([{ id: 'a', group: 'x', needs: { cpu: 0.5, gpu: 1 } }]);
      expect(await h.job('a')).toMatchObject({ group: 'x', needs: { cpu: 0.5, gpu: 1 } });
      expect((await h.store.list({ filter: { status: 'pending' } })).jobs[0]).toMatchObject({ group: 'x' });
    });
  });
}
