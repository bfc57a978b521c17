import { type Json, MAX_STEPS } from '../../job';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';
import { HARD_VALUES } from './values';

async function stepsOf(h: Harness, id: string): Promise<[name: string, result: Json | undefined][]> {
  return ((await h.job(id)).metadata.steps ?? []).map(({ name, result }) => [name, result]);
}

/** `report` with a step: what later attempts need not do again. */
export function steps(test: StoreTest): void {
  describe('a step', () => {
    test('is handed to all later attempts, however one ends', async (h) => {
      const first = await h.start({ maxAttempts: 9 });
      const { id } = first.job;
      await h.store.report([{ id, token: first.token, step: { name: 'fetch', result: { bytes: 7 } } }]);
      await h.store.report([{ id, token: first.token, step: { name: 'no result' } }]);
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      const second = await h.claimOne();
      expect(second.job.metadata.steps).toEqual([
        { name: 'fetch', at: expect.any(String), result: { bytes: 7 } },
        { name: 'no result', at: expect.any(String) },
      ]);
      await h.store.report([{ id, token: second.token, step: { name: 'pack', result: null } }]);
      await h.settle(second, { outcome: 'released' });
      const third = await h.claimOne();
      expect(third.job.metadata.steps?.map(({ name }) => name)).toEqual(['fetch', 'no result', 'pack']);
      await h.store.takeBack(['w1'], 'crashed');
      const last = await h.claimOne();
      expect(last.job.metadata.steps).toEqual(third.job.metadata.steps);
      await h.settle(last, { outcome: 'failed', error: BOOM, reason: 'error' });
      await h.store.change({ change: { action: 'retry' }, target: { ids: [id] } });
      expect((await h.claimOne()).job.metadata.steps).toEqual(third.job.metadata.steps);
    });

    test('keeps any name and any JSON', async (h) => {
      const { job, token } = await h.start();
      const wanted = HARD_VALUES.map(([, result], n): [string, Json] => [
        ['__proto__', 'constructor', '7', 'ü "\t\n\u0000'][n] ?? `step ${n}`,
        result,
      ]);
      await h.store.report(wanted.map(([name, result]) => ({ id: job.id, token, step: { name, result } })));
      expect(JSON.stringify(await stepsOf(h, job.id))).toBe(JSON.stringify(wanted));
    });

    test('keeps its first result', async (h) => {
      const { job, token } = await h.start();
      const step = (result: Json) => ({ id: job.id, token, step: { name: 'once', result } });
      const results = await h.store.report([step(1), step(2)]);
      results.push(...(await h.store.report([step(3)])));
      expect(results.map(({ accepted }) => accepted)).toEqual([true, true, true]);
      expect(await stepsOf(h, job.id)).toEqual([['once', 1]]);
    });

    test('is refused when the attempt is not the running one', async (h) => {
      const late = await h.start({ id: 'one' }, 'dead');
      await h.store.takeBack(['dead'], 'crashed');
      await h.claimOne();
      const [result] = await h.store.report([{ id: 'one', token: late.token, step: { name: 'late', result: 1 } }]);
      expect(result).toMatchObject({ accepted: false });
      expect(await stepsOf(h, 'one')).toEqual([]);
    });

    test('must have a name, and is one of not too many', async (h) => {
      const { job, token } = await h.start();
      const report = (names: unknown[]) =>
        h.store
          .report(names.map((name) => ({ id: job.id, token, step: { name: name as string } })))
          .catch((error: unknown) => error);
      for (const name of ['', 'x'.repeat(129), 7, null])
        expect(await report([name])).toMatchObject({ code: 'INVALID' });
      const names = Array.from({ length: MAX_STEPS }, (_, n) => `step ${n}`);
      expect(await report([...names, 'one more'])).toMatchObject({ code: 'INVALID' });
      expect(await stepsOf(h, job.id)).toEqual([]);
      await report(names);
      expect(await report(['one more'])).toMatchObject({ code: 'INVALID' });
      expect(await stepsOf(h, job.id)).toHaveLength(MAX_STEPS);
    });

    test('is told', async (h) => {
      const { job, token } = await h.start();
      const recorder = await h.record();
      await h.store.report([{ id: job.id, token, step: { name: 'fetch', result: 1 } }]);
      const told = await h.recorded(recorder);
      expect(told.filter(({ kind }) => kind === 'step')).toMatchObject([{ id: job.id, type: 'a', step: 'fetch' }]);
    });

    test.needing('persistence')('is there after a reopen', async (h) => {
      const { job, token } = await h.start();
      await h.store.report([{ id: job.id, token, step: { name: 'fetch', result: { hard: 'ü\n' } } }]);
      await h.reopen();
      expect((await h.claimOne()).job.metadata.steps).toMatchObject([{ name: 'fetch', result: { hard: 'ü\n' } }]);
    });
  });
}
