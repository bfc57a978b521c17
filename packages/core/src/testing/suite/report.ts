import { type JobLog, MAX_LOGS } from '../../job';
import { describe, expect } from '../vitest-api';
import { BOOM, iso } from './harness';
import type { StoreTest } from './store-test';
import { HARD_VALUES } from './values';

const line = (message: string, at: number): JobLog => ({ at: iso(at), level: 'info', message });

/** `report`: progress, log lines, checkpoints and stuck handlers of running attempts. */
export function report(test: StoreTest): void {
  describe('report', () => {
    test('keeps the newest progress and its detail', async (h) => {
      const { job, token } = await h.start();
      const { id } = job;
      expect(await h.store.report([{ id, token, progress: 12.5, detail: { bytes: 100 } }])).toEqual([
        { id, accepted: true, cancelling: false },
      ]);
      expect((await h.job(id)).metadata).toMatchObject({ progress: 12.5, detail: { bytes: 100 } });
      await h.store.report([
        { id, token, progress: 40 },
        { id, token, progress: 60, detail: { bytes: 480 } },
      ]);
      expect((await h.job(id)).metadata).toMatchObject({ progress: 60, detail: { bytes: 480 } });
      expect((await h.job(id)).status).toBe('active');
    });

    test('takes null for a detail, in place of the one before', async (h) => {
      const { job, token } = await h.start();
      const recorder = await h.record();
      for (const detail of [{ bytes: 1 }, null]) await h.store.report([{ id: job.id, token, detail }]);
      expect((await h.job(job.id)).metadata.detail).toBeNull();
      const told = (await h.recorded(recorder)).filter(({ kind }) => kind === 'progress');
      expect(told[0]?.detail).toEqual({ bytes: 1 });
      expect(told.at(-1)?.detail).toBeNull();
    });

    test('does not lose the last progress before the attempt ends', async (h) => {
      const { job, token } = await h.start();
      const reporting = h.store.report([
        { id: job.id, token, progress: 37, detail: 'almost', logs: [line('last words', h.now())] },
      ]);
      const settling = h.store.settle([{ id: job.id, token, outcome: 'failed', error: BOOM, reason: 'error' }]);
      expect(await Promise.all([reporting, settling])).toMatchObject([[{ accepted: true }], [{ accepted: true }]]);
      expect(await h.job(job.id)).toMatchObject({
        status: 'failed',
        metadata: { progress: 37, detail: 'almost', logs: [{ message: 'last words' }] },
      });
    });

    test('starts each attempt at 0 percent', async (h) => {
      const first = await h.start();
      await h.store.report([{ id: first.job.id, token: first.token, progress: 80, detail: 'x', stuck: true }]);
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      const { job } = await h.claimOne();
      expect(job.metadata.progress).toBe(0);
      expect(Object.keys(job.metadata)).not.toContain('detail');
      expect(job.metadata.stuck ?? false).toBe(false);
    });

    test(`appends log lines, and keeps the newest ${MAX_LOGS} across attempts`, async (h) => {
      const at = h.now();
      const first = await h.start();
      const { id } = first.job;
      await h.store.report([{ id, token: first.token, logs: [line('no. 0', at), line('no. 1', at)] }]);
      await h.store.report([
        { id, token: first.token, logs: [{ at: iso(at), level: 'error', message: 'no. 2', fields: { code: [7] } }] },
      ]);
      expect((await h.job(id)).metadata.logs).toEqual([
        line('no. 0', at),
        line('no. 1', at),
        { at: iso(at), level: 'error', message: 'no. 2', fields: { code: [7] } },
      ]);
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      const second = await h.claimOne();
      const many = Array.from({ length: MAX_LOGS }, (_, n) => line(`no. ${n + 3}`, at));
      await h.store.report([{ id, token: second.token, logs: many.slice(0, 60) }]);
      expect((await h.job(id)).metadata.logs.map((log) => log.message)).toEqual(
        Array.from({ length: 63 }, (_, n) => `no. ${n}`),
      );
      await h.store.report([{ id, token: second.token, logs: many.slice(60) }]);
      const { logs } = (await h.job(id)).metadata;
      expect(logs.map((log) => log.message)).toEqual(many.map((log) => log.message));
    });

    test('hands the checkpoint to the next attempt, however this one ends', async (h) => {
      const first = await h.start({ maxAttempts: 9 });
      const { id } = first.job;
      const hard = HARD_VALUES.map(([, value]) => value);
      await h.store.report([{ id, token: first.token, checkpoint: 'thrown away' }]);
      await h.store.report([{ id, token: first.token, checkpoint: { offset: 4096, hard } }]);
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      const second = await h.claimOne();
      expect(JSON.stringify(second.job.metadata.checkpoint)).toBe(JSON.stringify({ offset: 4096, hard }));
      await h.settle(second, { outcome: 'released' });
      const third = await h.claimOne();
      expect(third.job.metadata.checkpoint).toMatchObject({ offset: 4096 });
      await h.store.report([{ id, token: third.token, checkpoint: null }]);
      await h.store.takeBack(['w1'], 'crashed');
      expect((await h.claimOne()).job.metadata).toMatchObject({ checkpoint: null });
    });

    test('marks an attempt whose handler does not stop', async (h) => {
      const claimed = await h.start();
      const { id } = claimed.job;
      await h.store.report([{ id, token: claimed.token, stuck: true }]);
      expect(await h.job(id)).toMatchObject({ status: 'active', metadata: { stuck: true } });
    });

    test('keeps all that one call tells of an attempt, whatever comes first', async (h) => {
      const { job, token } = await h.start();
      const { id } = job;
      const recorder = await h.record();
      await h.store.report([
        { id, token, stuck: true, progress: 1 },
        { id, token, progress: 2, detail: 'later', logs: [line('still there', h.now())], checkpoint: 1 },
        { id, token, stuck: true },
      ]);
      const { metadata } = await h.job(id);
      expect(metadata).toMatchObject({ stuck: true, progress: 2, detail: 'later', checkpoint: 1 });
      expect(metadata.logs.map(({ message }) => message)).toEqual(['still there']);
      expect((await h.recorded(recorder)).filter(({ kind }) => kind === 'stuck')).toHaveLength(1);
    });

    test('tells the handler that its job is being cancelled', async (h) => {
      const { job, token } = await h.start();
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [job.id] } });
      expect(await h.store.report([{ id: job.id, token, progress: 50 }])).toEqual([
        { id: job.id, accepted: true, cancelling: true },
      ]);
    });

    test('refuses what is not of the running attempt, and changes nothing', async (h) => {
      const late = await h.start({ id: 'one' }, 'dead');
      await h.store.takeBack(['dead'], 'crashed');
      const running = await h.claimOne();
      const waiting = await h.add({ id: 'waiting' });
      const done = await h.complete({ id: 'done', priority: 1 });
      const before = await h.store.get(['one', waiting, done]);
      const news = { progress: 99, detail: 'late', logs: [line('late', h.now())], checkpoint: 'late', stuck: true };
      const results = await h.store.report([
        { id: 'one', token: late.token, ...news },
        { id: waiting, token: running.token, ...news },
        { id: done, token: running.token, ...news },
        { id: 'never-there', token: running.token, ...news },
      ]);
      expect(results.map((result) => [result.id, result.accepted])).toEqual([
        ['one', false],
        [waiting, false],
        [done, false],
        ['never-there', false],
      ]);
      expect(await h.store.get(['one', waiting, done])).toEqual(before);
    });

    test('answers a batch in its order', async (h) => {
      await h.addAll([{ id: 'one' }, { id: 'two' }]);
      const [one, two] = (await h.claim()).map(({ token }) => token);
      expect(
        await h.store.report([
          { id: 'two', token: two ?? '', progress: 2 },
          { id: 'one', token: two ?? '', progress: 3 },
          { id: 'one', token: one ?? '', progress: 1 },
        ]),
      ).toMatchObject([
        { id: 'two', accepted: true },
        { id: 'one', accepted: false },
        { id: 'one', accepted: true },
      ]);
      expect((await h.everything()).map((job) => job.metadata.progress)).toEqual([1, 2]);
      expect(await h.store.report([])).toEqual([]);
    });
  });
}
