import type { ParentPolicy } from '../../job';
import { describe, expect } from '../vitest-api';
import { oneOfEach } from './change';
import { BOOM, iso } from './harness';
import type { StoreTest } from './store-test';
import { HARD_VALUES } from './values';

/** What is there again after close and open. */
export function persistence(test: StoreTest): void {
  const persistent = test.needing('persistence');

  describe('reopened', () => {
    persistent('has every job as it was, in the same order', async (h) => {
      await oneOfEach(h);
      const active = (await h.store.list({ filter: { status: 'active' } })).jobs;
      await h.store.settle([]);
      const before = await h.everything();
      const queue = await h.queue();
      await h.reopen();
      const after = await h.everything();
      expect(after.map((job) => job.id)).toEqual(before.map((job) => job.id));
      const held = new Set(active.map((job) => job.id));
      expect(after.filter((job) => !held.has(job.id))).toEqual(before.filter((job) => !held.has(job.id)));
      expect((await h.queue()).filter((id) => !held.has(id))).toEqual(queue);
    });

    persistent('gives back the jobs that its own workers still held, with no attempt spent', async (h) => {
      const { job, token } = await h.start({ maxAttempts: 1 });
      await h.reopen();
      const back = await h.job(job.id);
      expect(back).toMatchObject({ status: 'pending', attempt: 0, metadata: { retries: 0, errors: [] } });
      expect(back.metadata.crashes ?? 0).toBe(0);
      expect(await h.store.settle([{ id: job.id, token, outcome: 'completed' }])).toMatchObject([{ accepted: false }]);
      expect((await h.claimOne()).job).toMatchObject({ id: job.id, attempt: 1 });
    });

    persistent('fails what was being cancelled when it closed', async (h) => {
      const { job } = await h.start();
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [job.id] } });
      await h.reopen();
      expect(await h.job(job.id)).toMatchObject({ status: 'failed', reason: 'cancelled' });
    });

    persistent('has data, results, errors, logs, progress and checkpoints to the byte', async (h) => {
      const hard = HARD_VALUES.map(([, value]) => value);
      const { job, token } = await h.start({
        ...{ data: hard, tags: ['red'], key: '🐋', timeout: 7, maxAttempts: 9 },
        trace: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' },
      });
      const logs = [{ at: iso(h.now()), level: 'debug' as const, message: 'a\u0000b', fields: hard }];
      await h.store.report([{ id: job.id, token, progress: 42, detail: hard, logs, checkpoint: hard }]);
      await h.store.settle([
        {
          id: job.id,
          token,
          outcome: 'failed',
          error: { ...BOOM, message: 'a\nb\ud83d' },
          reason: 'error',
          retryIn: 3_600_000,
        },
      ]);
      const done = await h.start();
      await h.settle(done, { outcome: 'completed', result: hard });
      const before = JSON.stringify(await h.everything());
      await h.reopen();
      expect(JSON.stringify(await h.everything())).toBe(before);
    });

    persistent('is still paused', async (h) => {
      await h.addAll([{ type: 'a' }, { type: 'b' }, { type: 'c' }]);
      await h.store.pause(true, { type: 'a' });
      await h.store.pause(true, { type: 'c' });
      await h.store.pause(false, { type: 'c' });
      await h.reopen();
      expect((await h.store.counts()).paused).toEqual({ all: false, types: ['a'] });
      expect((await h.claim()).map(({ job }) => job.type)).toEqual(['b', 'c']);
      await h.store.pause(true);
      await h.reopen();
      expect((await h.store.counts()).paused.all).toBe(true);
      expect(await h.claim()).toEqual([]);
    });

    persistent('still waits for times that are to come, and starts what became due', async (h) => {
      await h.addAll([
        { id: 'later', runAt: h.now() + 3_600_000 },
        { id: 'soon', runAt: h.now() + 150 },
      ]);
      await h.reopen();
      expect(await h.claim()).toEqual([]);
      const waiting = h.claimOne();
      await h.pass(150);
      expect((await waiting).job.id).toBe('soon');
      expect((await h.store.counts()).waiting.scheduled).toBe(1);
    });

    persistent('still knows ids and keys that are taken, and frees those that are not', async (h) => {
      await h.add({ id: 'holder', key: 'held' });
      await h.complete({ id: 'done', key: 'free', priority: 1 });
      await h.store.change({
        change: { action: 'remove' },
        target: { ids: [await h.add({ id: 'removed', key: 'gone' })] },
      });
      await h.reopen();
      const results = await h.store.add([
        { type: 'a', data: 1, key: 'held' },
        { type: 'a', data: 2, id: 'done' },
        { type: 'a', data: 3, id: 'removed', key: 'free' },
        { type: 'a', data: 4, key: 'gone' },
      ]);
      expect(results.map(({ added }) => added)).toEqual([false, false, true, true]);
      expect(results.slice(0, 2).map(({ id }) => id)).toEqual(['holder', 'done']);
    });

    persistent('puts new jobs behind those that were there', async (h) => {
      await h.addAll([{ id: 'one' }, { id: 'two' }]);
      await h.reopen();
      await h.add({ id: 'three' });
      expect(await h.queue()).toEqual(['one', 'two', 'three']);
      expect((await h.everything()).map((job) => job.id)).toEqual(['one', 'two', 'three']);
    });

    persistent('gives no attempt a token that was given before', async (h) => {
      await h.addAll(Array.from({ length: 10 }, () => ({})));
      const tokens = new Set<string>();
      for (let life = 0; life < 3; life++) {
        for (const { token } of await h.claim()) tokens.add(token);
        await h.reopen();
      }
      expect(tokens.size).toBe(30);
    });

    test.needing('persistence', 'reorder')('has the order that was made by hand', async (h) => {
      await h.addAll([{ id: 'one' }, { id: 'two' }, { id: 'three' }]);
      await h.store.change({ change: { action: 'move', target: { before: 'two' } }, target: { ids: ['three'] } });
      await h.store.change({ change: { action: 'move', target: { to: 'bottom' } }, target: { ids: ['one'] } });
      await h.reopen();
      expect(await h.queue()).toEqual(['three', 'two', 'one']);
    });

    test.needing('persistence', 'dependencies')('still keeps children back, and lets them go', async (h) => {
      await h.addAll([{ id: 'p1' }, { id: 'p2' }, { id: 'child', dependsOn: ['p1', 'p2'] }]);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await h.reopen();
      const p2 = await h.claimOne();
      expect(p2.job.id).toBe('p2');
      expect(await h.claim()).toEqual([]);
      await h.settle(p2, { outcome: 'completed' });
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['child']);
    });

    test.needing('persistence', 'dependencies')('still knows what a failed parent means to its children', async (h) => {
      const of = (id: string) => ({ dependsOn: ['p1', 'p2'], onParentFailed: id as ParentPolicy, id });
      await h.addAll([{ id: 'p1' }, { id: 'p2' }, of('fail'), of('continue'), of('skip')]);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await h.reopen();
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
      await h.reopen();
      expect(await h.job('fail')).toMatchObject({ status: 'failed', reason: 'dependency' });
      expect(await h.job('skip')).toMatchObject({ status: 'completed', skipped: true });
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['continue']);
    });

    test.needing('persistence', 'resumable-events')('tells events since before it closed', async (h) => {
      const recorder = await h.record();
      await h.complete({ id: 'before' });
      await recorder.untilKind('completed', 'before');
      const seen = [...recorder.events];
      await h.reopen();
      const resumed = await h.record({ since: recorder.subscription?.seq ?? 0 });
      await h.add({ id: 'after' });
      const last = await resumed.untilKind('added', 'after');
      expect(last.seq).toBeGreaterThan(seen.at(-1)?.seq ?? Number.NaN);
      if (resumed.events[0]?.kind === 'reset')
        return expect(resumed.events[0].seq).toBeGreaterThan(recorder.subscription?.seq ?? 0);
      return expect(resumed.events.slice(0, seen.length)).toEqual(seen);
    });

    persistent('goes on counting: numbers of events never go back', async (h) => {
      const recorder = await h.record();
      await h.addAll([{}, {}]);
      await recorder.untilKind('added');
      const { seq } = recorder.events.at(-1) ?? { seq: Number.NaN };
      const store = await h.reopen();
      const subscription = await store.subscribe({}, () => undefined);
      expect(subscription.seq).toBeGreaterThanOrEqual(seq);
    });
  });
}
