import type { ClaimedJob, JobStore } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

/** Claims and completes until the store is drained; gives what it claimed. */
async function work(store: JobStore, worker: string, limit: number, left: { jobs: number }): Promise<ClaimedJob[]> {
  const mine: ClaimedJob[] = [];
  while (left.jobs > 0) {
    const claimed = await store.claim({ worker, limit, wait: false });
    if (claimed.length === 0) {
      // The rest is with the other workers.
      await Promise.resolve();
      if (left.jobs <= 0) break;
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      continue;
    }
    mine.push(...claimed);
    const results = await store.settle(
      claimed.map(({ job, token }) => ({ id: job.id, token, outcome: 'completed' as const })),
    );
    left.jobs -= results.filter((result) => result.accepted).length;
  }
  return mine;
}

/** Many callers at once, on one instance and on several. */
export function concurrency(test: StoreTest): void {
  const all = (h: Harness, stores: JobStore[]) => async () => {
    const ids = await h.addAll(Array.from({ length: 400 }, (_, n) => ({ type: n % 2 === 0 ? 'a' : 'b' })));
    const left = { jobs: ids.length };
    const workers = Array.from({ length: 8 }, (_, n) =>
      work(stores[n % stores.length] ?? h.store, `w${n}`, (n % 3) + 1, left),
    );
    const claimed = (await h.soon(Promise.all(workers), 'all jobs')).flat();
    expect(claimed.map(({ job }) => job.id).sort()).toEqual([...ids].sort());
    expect(claimed.every(({ job }) => job.attempt === 1)).toBe(true);
    expect(await h.store.counts()).toMatchObject({ pending: 0, active: 0, completed: 400, failed: 0 });
  };

  describe('several workers on one instance', () => {
    test('start and complete each job once', async (h) => {
      await all(h, [h.store])();
    });

    test('that wait get every job, while producers add', async (h) => {
      const got: string[] = [];
      const total = 120;
      const consumer = async (n: number): Promise<void> => {
        const abort = new AbortController();
        aborts.push(abort);
        for (;;) {
          const claimed = await h.store.claim({ worker: `w${n}`, limit: 2, wait: true }, { signal: abort.signal });
          if (claimed.length === 0) return;
          got.push(...claimed.map(({ job }) => job.id));
          if (got.length >= total) for (const other of aborts) other.abort();
        }
      };
      const aborts: AbortController[] = [];
      const consumers = Array.from({ length: 5 }, (_, n) => consumer(n));
      const producers = Array.from({ length: 4 }, async () => {
        const ids: string[] = [];
        for (let n = 0; n < total / 4; n++) ids.push(await h.add());
        return ids;
      });
      const added = (await h.soon(Promise.all(producers), 'the producers')).flat();
      await h.soon(Promise.all(consumers), 'the consumers');
      expect([...got].sort()).toEqual([...added].sort());
    });

    test('settle one attempt once', async (h) => {
      const { job, token } = await h.start();
      const settling = [
        h.store.settle([{ id: job.id, token, outcome: 'completed', result: 'first' }]),
        h.store.settle([{ id: job.id, token, outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 }]),
        h.store.settle([{ id: job.id, token, outcome: 'released' }]),
      ];
      const takenBack = await h.store.takeBack(['w1'], 'crashed');
      const results = (await Promise.all(settling)).flat();
      expect(results.map((result) => result.accepted)).toEqual([true, false, false]);
      expect(takenBack).toBe(0);
      expect(await h.job(job.id)).toMatchObject({ status: 'completed', result: 'first' });
    });

    test('list jobs as they are when they fit', async (h) => {
      await h.addAll([{}, {}, {}]);
      const listing = h.store.list({ filter: { status: 'pending' } });
      const [{ jobs }, claimed] = await Promise.all([listing, h.claim({ limit: 2 })]);
      expect(claimed).toHaveLength(2);
      expect(jobs.map((job) => job.status)).not.toContain('active');
    });

    test('change what fits a filter when it is changed, and nothing else', async (h) => {
      await h.addAll([{}, {}, {}]);
      const target = { filter: { status: 'pending' as const } };
      const cancelling = h.store.change({ change: { action: 'cancel' }, target });
      const [{ matched }, claimed] = await Promise.all([cancelling, h.claim({ limit: 2 })]);
      // Whichever came first: what was started by then is not cancelled, what was cancelled is not started.
      expect(matched).toBe(3 - claimed.length);
      const jobs = await h.everything();
      expect(jobs.filter((job) => job.cancelling)).toEqual([]);
      expect(jobs.filter((job) => job.reason === 'cancelled')).toHaveLength(matched);
    });

    test('change what fits a filter before or after an add, not between', async (h) => {
      await h.addAll([{}]);
      const recorder = await h.record();
      const adding = h.addAll([{ id: 'new' }]);
      const { matched } = await h.store.change({ change: { action: 'cancel' }, target: { filter: {} } });
      await adding;
      const kinds = (await h.recorded(recorder)).map(({ kind }) => kind).filter((kind) => kind !== 'drained');
      expect(kinds).toEqual(matched === 1 ? ['failed', 'added'] : ['added', 'failed', 'failed']);
    });

    test('add one job of a key', async (h) => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) => h.store.add([{ type: 'a', data: n, key: 'k' }])),
      );
      expect(results.flat().filter((result) => result.added)).toHaveLength(1);
      expect(new Set(results.flat().map((result) => result.id)).size).toBe(1);
      expect((await h.store.counts()).pending).toBe(1);
    });
  });

  describe('several instances on the same jobs', () => {
    const shared = test.needing('shared');

    shared('start and complete each job once', async (h) => {
      await all(h, [h.store, await h.second(), await h.second()])();
    });

    shared('see each other’s changes', async (h) => {
      const other = await h.second();
      const id = await h.add({ data: 'shared' });
      expect(await other.get([id])).toEqual([await h.job(id)]);
      const [claimed] = await h.soon(other.claim({ worker: 'theirs', limit: 1, wait: true }), 'claim');
      expect(await h.job(id)).toMatchObject({ status: 'active', worker: 'theirs' });
      await other.settle([{ id, token: claimed?.token ?? '', outcome: 'completed', result: 7 }]);
      expect(await h.job(id)).toMatchObject({ status: 'completed', result: 7 });
    });

    shared('wake each other’s waiting claims', async (h) => {
      const other = await h.second();
      const waiting = other.claim({ worker: 'theirs', limit: 1, wait: true });
      const id = await h.add();
      expect((await h.soon(waiting, 'claim')).map(({ job }) => job.id)).toEqual([id]);
    });

    shared('tell each other’s events', async (h) => {
      const other = await h.second();
      const recorder = await h.record({}, other);
      const id = await h.complete();
      await recorder.untilKind('drained');
      expect(recorder.events.map((event) => [event.kind, event.id])).toEqual([
        ['added', id],
        ['started', id],
        ['completed', id],
        ['drained', undefined],
      ]);
    });

    shared('tell a worker of another that its job is cancelled', async (h) => {
      const other = await h.second();
      const recorder = await h.record({ kinds: ['cancelling'], worker: 'theirs' }, other);
      const id = await h.add();
      await h.soon(other.claim({ worker: 'theirs', limit: 1, wait: true }), 'claim');
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [id] } });
      expect(await recorder.untilKind('cancelling', id)).toMatchObject({ worker: 'theirs' });
    });

    shared('keep their jobs when another closes; the closed one’s go back', async (h) => {
      const other = await h.second();
      const mine = await h.start({ id: 'mine' }, 'mine');
      await h.add({ id: 'theirs' });
      await h.soon(other.claim({ worker: 'theirs', limit: 1, wait: true }), 'claim');
      await other.close();
      expect(await h.job('theirs')).toMatchObject({ status: 'pending', attempt: 0 });
      expect((await h.job('theirs')).metadata.crashes ?? 0).toBe(0);
      expect(await h.job('mine')).toEqual(mine.job);
      await h.settle(mine, { outcome: 'completed' });
    });

    shared('keep the jobs of a worker that left before and came back, when another closes', async (h) => {
      const other = await h.second();
      await other.claim({ worker: 'theirs', limit: 1, wait: false });
      await h.store.takeBack(['theirs'], 'released');
      const id = await h.add();
      const [claimed] = await h.soon(other.claim({ worker: 'theirs', limit: 1, wait: true }), 'claim');
      await h.store.close();
      const settling = other.settle([{ id, token: claimed?.token ?? '', outcome: 'completed' }]);
      expect(await h.soon(settling, 'the settlement')).toEqual([{ id, accepted: true, status: 'completed' }]);
    });

    shared('keep to one key', async (h) => {
      const stores = [h.store, await h.second(), await h.second()];
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, n) => (stores[n % 3] ?? h.store).add([{ type: 'a', data: n, key: 'k' }])),
      );
      expect(results.flat().filter((result) => result.added)).toHaveLength(1);
    });
  });
}
