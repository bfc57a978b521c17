import { DuplicateJobError, JobTooLargeError, ValidationError } from '../../errors';
import type { JobSpec, Json, Unique } from '../../job';
import type { AddResult } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

const KEY = { type: 'a', key: 'k' };

async function put(h: Harness, unique: Unique, data: Json, more: Partial<JobSpec> = {}): Promise<AddResult> {
  const [result] = await h.store.add([{ ...KEY, data, unique, ...more }]);
  return result as AddResult;
}

async function datas(h: Harness): Promise<unknown[]> {
  return (await h.everything()).map((job) => job.data);
}

/** `unique`: what an `add` does when a job holds its key. */
export function unique(test: StoreTest): void {
  const modes = test.needing('unique-modes');
  const timed = test.needing('unique-modes', 'fake-clock');

  describe('unique: keep and reject', () => {
    test('go before onDuplicate, job by job', async (h) => {
      const id = await h.add({ key: 'k' });
      expect(await h.store.add([{ ...KEY, data: 1, unique: 'keep' }], { onDuplicate: 'reject' })).toEqual([
        { id, added: false },
      ]);
      await expect(put(h, 'reject', 1)).rejects.toBeInstanceOf(DuplicateJobError);
      expect(await datas(h)).toEqual([null]);
    });

    test('add the job when nobody holds the key', async (h) => {
      expect(await put(h, 'keep', 1, { key: 'one' })).toMatchObject({ added: true });
      expect(await put(h, 'reject', 1, { key: 'two' })).toMatchObject({ added: true });
    });
  });

  describe('unique: replace', () => {
    modes('gives a pending job the new data and options; its id and place stay', async (h) => {
      const old = {
        priority: 2,
        tags: ['old'],
        timeout: 5,
        maxAttempts: 9,
        backoff: { type: 'fixed', delay: 1 } as const,
      };
      const [first, second] = await h.addAll([
        { key: 'k', data: 1, ...old },
        { data: 2, priority: 3 },
      ]);
      expect(await put(h, 'replace', { n: 3 }, { priority: 3, tags: ['new'] })).toEqual({
        id: first,
        added: false,
        outcome: 'replaced',
      });
      const job = await h.job(first as string);
      expect(job).toMatchObject({
        data: { n: 3 },
        priority: 3,
        tags: ['new'],
        maxAttempts: 3,
        rev: 2,
        status: 'pending',
      });
      expect([job.timeout, job.backoff]).toEqual([undefined, undefined]);
      expect(await h.queue()).toEqual([first, second]);
    });

    modes('leaves an active job as it is', async (h) => {
      const { job } = await h.start({ key: 'k', data: 1 });
      expect(await put(h, 'replace', 2)).toEqual({ id: job.id, added: false });
      expect(await datas(h)).toEqual([1]);
    });

    modes('tells that the job was edited', async (h) => {
      const id = await h.add({ key: 'k', data: 1 });
      const recorder = await h.record();
      await put(h, 'replace', 2);
      expect((await h.recorded(recorder)).map((event) => [event.kind, event.id])).toEqual([['edited', id]]);
    });

    modes('takes the last of one batch', async (h) => {
      const specs = [1, 2, 3].map((data): JobSpec => ({ ...KEY, data, unique: 'replace' }));
      const results = await h.store.add(specs);
      expect(results.map(({ added, outcome }) => [added, outcome])).toEqual([
        [true, undefined],
        [false, 'replaced'],
        [false, 'replaced'],
      ]);
      expect(new Set(results.map(({ id }) => id)).size).toBe(1);
      expect(await datas(h)).toEqual([3]);
    });

    modes('changes nothing when another job of the batch is refused', async (h) => {
      await h.add({ key: 'k', data: 1 });
      const specs: JobSpec[] = [
        { ...KEY, data: 2, unique: 'replace' },
        { ...KEY, data: 3, unique: 'reject' },
      ];
      await expect(h.store.add(specs)).rejects.toBeInstanceOf(DuplicateJobError);
      expect(await datas(h)).toEqual([1]);
    });

    modes('refuses data for a job of another type', async (h) => {
      await h.add({ key: 'k', data: 1 });
      await expect(put(h, 'replace', 2, { type: 'b' })).rejects.toBeInstanceOf(DuplicateJobError);
      expect(await datas(h)).toEqual([1]);
    });
  });

  describe('unique: merge', () => {
    modes('merges objects as RFC 7396 says, and joins lists', async (h) => {
      await h.addAll([
        { key: 'k', data: { a: 1, b: { c: 2, d: 3 }, list: [1] } },
        { key: 'list', data: [1, 2] },
      ]);
      expect(await put(h, 'merge', { b: { c: null, e: 4 }, list: [2] })).toMatchObject({ outcome: 'merged' });
      await put(h, 'merge', [3], { key: 'list' });
      expect(await datas(h)).toEqual([{ a: 1, b: { d: 3, e: 4 }, list: [2] }, [1, 2, 3]]);
    });

    modes('takes all of a batch, in its order', async (h) => {
      await h.store.add([1, 2, 3].map((n): JobSpec => ({ ...KEY, data: [n], unique: 'merge' })));
      await h.store.add([4, 5].map((n): JobSpec => ({ ...KEY, data: [n], unique: 'merge' })));
      expect(await datas(h)).toEqual([[1, 2, 3, 4, 5]]);
    });

    modes('takes all of calls that are made at once', async (h) => {
      await Promise.all([1, 2, 3].map((n) => put(h, 'merge', [n])));
      expect((await datas(h)).flat(2).sort()).toEqual([1, 2, 3]);
    });

    modes('refuses to grow beyond the limit of data', async (h) => {
      const half = 'x'.repeat(9 * 1024 * 1024);
      await put(h, 'merge', [half]);
      await expect(put(h, 'merge', [half])).rejects.toBeInstanceOf(JobTooLargeError);
      expect(await put(h, 'merge', ['y'])).toMatchObject({ outcome: 'merged' });
    });

    modes('merges once when the same id comes again, also after the job ended', async (h) => {
      const id = await h.add({ key: 'k', data: [1] });
      const add = () => put(h, 'merge', [2], { id: 'mine' });
      expect(await add()).toMatchObject({ id, outcome: 'merged' });
      expect(await add()).toMatchObject({ id, outcome: 'merged' });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      expect(await add()).toMatchObject({ id, added: false });
      expect(await datas(h)).toEqual([[1, 2]]);
    });
  });

  describe('unique: rerun', () => {
    modes('leaves one job that runs after the one that runs now, with the newest data', async (h) => {
      const running = await h.start({ key: 'k', data: 1 });
      const next = await put(h, 'rerun', 2);
      expect(next).toMatchObject({ added: true, outcome: 'rerun' });
      expect(await put(h, 'rerun', 3)).toEqual({ id: next.id, added: false, outcome: 'replaced' });
      expect(await h.claim()).toEqual([]);
      expect(await h.job(next.id)).toMatchObject({ data: 3, dependsOn: [running.job.id], onParentFailed: 'continue' });
      await h.settle(running, { outcome: 'completed' });
      expect((await h.claimOne()).job).toMatchObject({ id: next.id, data: 3 });
    });

    modes('runs it also when the running job fails, and it then holds the key', async (h) => {
      const running = await h.start({ key: 'k', data: 1 });
      const next = await put(h, 'rerun', 2);
      await h.settle(running, { outcome: 'failed', error: BOOM, reason: 'error' });
      expect(await put(h, 'keep', 3)).toEqual({ id: next.id, added: false });
      const retried = await h.store.change({ change: { action: 'retry' }, target: { ids: [running.job.id] } });
      expect(retried).toMatchObject({ changed: 0, skipped: [{ message: expect.stringContaining(next.id) }] });
    });

    modes('lets it wait while the running job is retried; the waiting one takes more data', async (h) => {
      const running = await h.start({ key: 'k', data: 1 });
      const next = await put(h, 'rerun', 2);
      await h.settle(running, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect(await put(h, 'rerun', 3)).toMatchObject({ id: next.id, outcome: 'replaced' });
      const again = await h.claimOne();
      expect(again.job).toMatchObject({ id: running.job.id, data: 1 });
      expect(await h.claim()).toEqual([]);
    });

    modes('gives a pending job the data', async (h) => {
      const id = await h.add({ key: 'k', data: 1 });
      expect(await put(h, 'rerun', 2)).toEqual({ id, added: false, outcome: 'replaced' });
      expect(await datas(h)).toEqual([2]);
    });

    modes('starts anew once the waiting job was cancelled', async (h) => {
      await h.start({ key: 'k', data: 1 });
      const next = await put(h, 'rerun', 2);
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [next.id] } });
      expect(await put(h, 'rerun', 3)).toMatchObject({ added: true, outcome: 'rerun' });
    });

    modes('takes a time to run that has come already for none', async (h) => {
      await h.start({ key: 'k', data: 1 });
      const next = await put(h, 'rerun', 2, { runAt: h.now() - 1_000 });
      expect((await h.job(next.id)).runAt).toBeUndefined();
    });

    modes('follows for several rounds', async (h) => {
      let running = await h.start({ key: 'k', data: 0 });
      for (const round of [1, 2, 3]) {
        await put(h, 'rerun', round);
        await h.settle(running, { outcome: 'completed' });
        running = await h.claimOne();
        expect(running.job.data).toBe(round);
      }
    });
  });

  describe('unique: debounce', () => {
    timed('starts when it has been quiet for so long, with the newest data', async (h) => {
      const { id } = await put(h, { debounce: 1_000 }, 1);
      await h.pass(600);
      expect(await put(h, { debounce: 1_000 }, 2)).toEqual({ id, added: false, outcome: 'debounced' });
      await h.pass(999);
      expect(await h.claim()).toEqual([]);
      await h.pass(1);
      expect((await h.claimOne()).job).toMatchObject({ id, data: 2 });
    });

    timed('starts after the longest wait at the latest', async (h) => {
      const start = h.now();
      const { id } = await put(h, { debounce: 1_000, maxWait: 1_500 }, 1);
      await h.pass(900);
      await put(h, { debounce: 1_000, maxWait: 1_500 }, 2);
      expect((await h.job(id)).runAt).toBe(iso(start + 1_500));
    });

    timed('does not make a job that failed start before its backoff is over', async (h) => {
      const { id } = await put(h, { debounce: 10, maxWait: 20 }, 1);
      await h.pass(10);
      const retryAt = h.now() + 60_000;
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 60_000 });
      await put(h, { debounce: 10, maxWait: 20 }, 2);
      expect(await h.job(id)).toMatchObject({ data: 2, runAt: iso(retryAt) });
    });

    timed('runs once more after the job that runs now', async (h) => {
      await put(h, { debounce: 1_000 }, 1);
      await h.pass(1_000);
      const running = await h.claimOne();
      const next = await put(h, { debounce: 1_000 }, 2);
      expect(next).toMatchObject({ outcome: 'rerun' });
      await h.settle(running, { outcome: 'completed' });
      expect(await h.claim()).toEqual([]);
      await h.pass(1_000);
      expect((await h.claimOne()).job.id).toBe(next.id);
    });
  });

  describe('unique: throttle', () => {
    timed('adds one job per window, also when it has ended', async (h) => {
      const first = await put(h, { throttle: 1_000 }, 1);
      expect(first).toMatchObject({ added: true });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await h.pass(999);
      const late = { id: first.id, added: false, outcome: 'throttled' };
      expect(await put(h, { throttle: 1_000 }, 2)).toEqual(late);
      await h.pass(1);
      expect(await put(h, { throttle: 1_000 }, 3)).toMatchObject({ added: true });
      expect(await datas(h)).toEqual([1, 3]);
    });

    timed('adds none while the job of an earlier window is not done', async (h) => {
      const { id } = await put(h, { throttle: 1_000 }, 1);
      await h.pass(5_000);
      expect(await put(h, { throttle: 1_000 }, 2)).toEqual({ id, added: false, outcome: 'throttled' });
    });

    modes('adds one of a batch', async (h) => {
      const results = await h.store.add(
        [1, 2].map((data): JobSpec => ({ ...KEY, data, unique: { throttle: 60_000 } })),
      );
      expect(results.map(({ outcome }) => outcome)).toEqual([undefined, 'throttled']);
      expect(await datas(h)).toEqual([1]);
    });

    modes('adds one again when the first was removed by hand', async (h) => {
      const { id } = await put(h, { throttle: 60_000 }, 1);
      await h.store.change({ change: { action: 'remove' }, target: { ids: [id] } });
      expect(await put(h, { throttle: 60_000 }, 2)).toMatchObject({ added: true });
    });

    modes('asks only who throttles', async (h) => {
      await put(h, { throttle: 60_000 }, 1);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      expect(await put(h, 'keep', 2)).toMatchObject({ added: true });
    });

    test.needing(
      'unique-modes',
      'fake-clock',
      'persistence',
    )('keeps its windows over a restart', async (h) => {
      const { id } = await put(h, { throttle: 10_000 }, 1);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await h.reopen();
      expect(await put(h, { throttle: 10_000 }, 2)).toMatchObject({ id, outcome: 'throttled' });
      await h.pass(10_000);
      expect(await put(h, { throttle: 10_000 }, 3)).toMatchObject({ added: true });
    });
  });

  describe('unique after a restart', () => {
    test.needing('unique-modes', 'persistence')('goes on where it was', async (h) => {
      await put(h, 'merge', [1]);
      await put(h, 'merge', [2], { id: 'mine' });
      await h.reopen();
      await put(h, 'merge', [2], { id: 'mine' });
      await put(h, 'merge', [3]);
      expect(await datas(h)).toEqual([[1, 2, 3]]);
      await h.claimOne();
      const next = await put(h, 'merge', [4]);
      expect(next).toMatchObject({ outcome: 'rerun' });
      await h.reopen();
      // What ran was given back, and the job behind it waits for it still.
      expect(await put(h, 'merge', [5])).toMatchObject({ id: next.id, outcome: 'merged' });
      expect(await datas(h)).toEqual([
        [1, 2, 3],
        [4, 5],
      ]);
    });
  });

  describe('unique that means nothing', () => {
    const wrong: [what: string, spec: Partial<JobSpec>][] = [
      ['an unknown mode', { unique: 'never' as Unique }],
      ['a debounce without a time', { unique: 'debounce' as unknown as Unique }],
      ['a window of no length', { unique: { throttle: 0 } }],
      ['more than one mode', { unique: { throttle: 1, debounce: 1 } as Unique }],
      ['no key', { unique: 'replace', key: undefined } as Partial<JobSpec>],
      ['replace together with dependsOn', { unique: 'replace', dependsOn: ['x'] }],
      ['debounce together with runAt', { unique: { debounce: 1 }, runAt: 1 }],
    ];
    for (const [what, spec] of wrong) {
      modes(`is refused: ${what}`, async (h) => {
        const adding = h.store.add([{ ...KEY, data: 1, ...spec }]);
        await expect(adding).rejects.toBeInstanceOf(ValidationError);
        await expect(adding).rejects.toMatchObject({ issues: [{ path: ['unique'] }] });
      });
    }
  });
}
