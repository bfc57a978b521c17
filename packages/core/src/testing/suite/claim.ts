import { describe, expect } from '../vitest-api';
import { BOOM, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

/** `claim`: which jobs, in which order, how many, and waiting for them. */
export function claim(test: StoreTest): void {
  describe('claim', () => {
    test('starts the best jobs: by priority, then as they were added', async (h) => {
      await h.addAll([
        { id: 'p5-first', priority: 5 },
        { id: 'p10', priority: 10 },
        { id: 'p1-first', priority: 1 },
        { id: 'p5-second' },
        { id: 'p1-second', priority: 1 },
        { id: 'p2', priority: 2 },
      ]);
      const order = ['p1-first', 'p1-second', 'p2', 'p5-first', 'p5-second', 'p10'];
      expect(await h.queue()).toEqual(order);
      const three = await h.claim({ limit: 3 });
      const rest = await h.claim({ limit: 100 });
      expect([...three, ...rest].map(({ job }) => job.id)).toEqual(order);
      expect(three).toHaveLength(3);
    });

    test('gives the job as it stands: active, its attempt counted', async (h) => {
      const id = await h.add({ data: { n: 1 }, tags: ['x'] });
      const before = await h.job(id);
      const [claimed] = await h.claim({ worker: 'worker-7' });
      expect(claimed?.job).toMatchObject({
        id,
        status: 'active',
        attempt: 1,
        worker: 'worker-7',
        data: { n: 1 },
        tags: ['x'],
      });
      expect(claimed?.job.started).toEqual(expect.any(String));
      if (h.controlsTime) expect(claimed?.job).toMatchObject({ started: iso(h.now()), updated: iso(h.now()) });
      expect(claimed?.job.rev).toBe(before.rev + 1);
      expect(await h.job(id)).toEqual(claimed?.job);
      expect(await h.claim()).toEqual([]);
    });

    test('gives each attempt a token of its own', async (h) => {
      await h.addAll(Array.from({ length: 20 }, () => ({})));
      const tokens = (await h.claim()).map(({ token }) => token);
      await h.store.takeBack(['w1'], 'released');
      tokens.push(...(await h.claim()).map(({ token }) => token));
      expect(tokens).toHaveLength(40);
      expect(new Set(tokens).size).toBe(40);
    });

    test('keeps to the types, and to how many of each', async (h) => {
      await h.addAll(['a', 'b', 'a', 'c', 'b', 'a', 'd'].map((type, n) => ({ type, data: n })));
      const claimed = await h.claim({ limit: 5, types: { a: 2, b: 5, c: 0, e: 1 } });
      expect(claimed.map(({ job }) => [job.type, job.data])).toEqual([
        ['a', 0],
        ['b', 1],
        ['a', 2],
        ['b', 4],
      ]);
      expect(await h.claim({ types: {} })).toEqual([]);
      expect((await h.claim({ limit: 1, types: { a: 5, d: 5 } })).map(({ job }) => job.data)).toEqual([5]);
    });

    test('passes over a type without room, however good its jobs', async (h) => {
      await h.addAll([
        ...Array.from({ length: 50 }, (_, n) => ({ type: 'busy', priority: 1, data: n })),
        { type: 'free', priority: 10, id: 'free' },
      ]);
      const claimed = await h.claim({ limit: 3, types: { busy: 1, free: 3 } });
      expect(claimed.map(({ job }) => job.type)).toEqual(['busy', 'free']);
    });

    test('answers at once with none, when it is not to wait', async (h) => {
      expect(await h.claim({ wait: false })).toEqual([]);
    });

    test('waits for a job, and then gives what there is at once', async (h) => {
      const waiting = h.claim({ wait: true, limit: 10 });
      const ids = await h.addAll([{}, {}]);
      const claimed = await h.soon(waiting, 'claim');
      expect(ids).toEqual(expect.arrayContaining(claimed.map(({ job }) => job.id)));
      expect(claimed.length).toBeGreaterThan(0);
    });

    test('waits for its own types only', async (h) => {
      const b = h.claim({ wait: true, limit: 1, types: { b: 1 }, worker: 'b' });
      const a = h.claim({ wait: true, limit: 1, types: { a: 1 }, worker: 'a' });
      const ofA = await h.add({ type: 'a' });
      expect((await h.soon(a, 'claim of a')).map(({ job }) => job.id)).toEqual([ofA]);
      const ofB = await h.add({ type: 'b' });
      expect((await h.soon(b, 'claim of b')).map(({ job }) => job.id)).toEqual([ofB]);
    });

    test('gives each job to one of those who wait', async (h) => {
      const waiting = Array.from({ length: 10 }, (_, n) => h.claim({ wait: true, limit: 1, worker: `w${n}` }));
      const ids = await h.addAll(Array.from({ length: 10 }, () => ({})));
      const claimed = (await h.soon(Promise.all(waiting), 'ten claims')).flat();
      expect(claimed.map(({ job }) => job.id).sort()).toEqual([...ids].sort());
      expect(new Set(claimed.map(({ job }) => job.worker)).size).toBe(10);
    });

    test('gets no more than its limit, while others wait for other types', async (h) => {
      const abort = new AbortController();
      const other = h.store.claim({ worker: 'w2', limit: 1, types: { b: 1 }, wait: true }, { signal: abort.signal });
      const ids = await h.addAll([{}, {}, {}]);
      const claimed = await h.soon(h.claim({ limit: 1, types: { a: 1 }, wait: true }), 'a claim');
      expect(claimed.map(({ job }) => job.id)).toEqual(ids.slice(0, 1));
      expect((await h.everything()).map((job) => job.status)).toEqual(['active', 'pending', 'pending']);
      abort.abort();
      expect(await h.soon(other, 'the aborted claim')).toEqual([]);
    });

    test('resolves with none when its signal aborts, and takes nothing afterwards', async (h) => {
      const abort = new AbortController();
      const waiting = h.store.claim({ worker: 'w1', limit: 5, wait: true }, { signal: abort.signal });
      abort.abort();
      expect(await h.soon(waiting, 'the aborted claim')).toEqual([]);
      const id = await h.add();
      expect((await h.job(id)).status).toBe('pending');
      expect((await h.claim({ worker: 'w2' })).map(({ job }) => job.id)).toEqual([id]);
    });

    test('leaves no listener with a signal once it is answered', async (h) => {
      const { signal } = new AbortController();
      const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
      const listeners = new Set<unknown>();
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners.add(args[1]);
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners.delete(args[1]);
        remove(...args);
      };
      const claim = () => h.store.claim({ worker: 'w1', limit: 1, wait: true }, { signal });
      await h.add();
      expect(await claim()).toHaveLength(1);
      const waiting = claim();
      await h.add();
      expect(await waiting).toHaveLength(1);
      expect([...listeners]).toEqual([]);
    });

    test('resolves with none when its signal was aborted before', async (h) => {
      const waiting = h.store.claim({ worker: 'w1', limit: 5, wait: true }, { signal: AbortSignal.abort() });
      expect(await h.soon(waiting, 'the aborted claim')).toEqual([]);
    });

    test('hands no job to a claim whose signal aborts while the job is added', async (h) => {
      const abort = new AbortController();
      const waiting = h.store.claim({ worker: 'w1', limit: 5, wait: true }, { signal: abort.signal });
      const adding = h.add({ id: 'contended' });
      abort.abort();
      const [claimed] = await Promise.all([h.soon(waiting, 'the aborted claim'), adding]);
      // Either is right: the job was handed out, or it waits for the next. Lost would be wrong.
      const next = await h.claim({ worker: 'w2' });
      expect([...claimed, ...next].map(({ job }) => job.id)).toEqual(['contended']);
    });

    /** Each makes a job that is not ready, and gives what makes it ready. */
    const wakers: [string, (h: Harness) => Promise<() => Promise<unknown>>][] = [
      [
        'a failed attempt',
        async (h) => {
          const running = await h.start();
          return () => h.settle(running, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
        },
      ],
      [
        'a release',
        async (h) => {
          const running = await h.start();
          return () => h.settle(running, { outcome: 'released' });
        },
      ],
      [
        'a crash',
        async (h) => {
          await h.start();
          return () => h.store.takeBack(['w1'], 'crashed');
        },
      ],
      [
        'a retry by hand',
        async (h) => {
          const id = await h.fail();
          return () => h.store.change({ change: { action: 'retry' }, target: { ids: [id] } });
        },
      ],
      [
        'a retry by hand before its time',
        async (h) => {
          const id = await h.add({ runAt: h.now() + 3_600_000 });
          return () => h.store.change({ change: { action: 'retry' }, target: { ids: [id] } });
        },
      ],
      [
        'an edit of its time',
        async (h) => {
          const id = await h.add({ runAt: h.now() + 3_600_000 });
          return () => h.store.change({ change: { action: 'edit', patch: { runAt: null } }, target: { ids: [id] } });
        },
      ],
    ];
    for (const [what, prepare] of wakers) {
      test(`that waits gets a job that becomes ready by ${what}`, async (h) => {
        const wake = await prepare(h);
        const [job] = await h.everything();
        const waiting = h.claim({ wait: true, worker: 'waiting' });
        await wake();
        const claimed = await h.soon(waiting, 'claim');
        expect(claimed.map((one) => [one.job.id, one.job.worker])).toEqual([[job?.id, 'waiting']]);
      });
    }
  });
}
