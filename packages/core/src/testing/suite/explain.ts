import type { Cause, Explanation } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

async function explained(h: Harness, id: string): Promise<Explanation> {
  const [explanation] = await h.store.explain([id]);
  if (!explanation) throw new Error(`${id} was not explained`);
  return explanation;
}

const codes = (explanation: Explanation): Cause['code'][] => explanation.causes.map((cause) => cause.code);

/** `explain`: why a job waits, or ended as it did. */
export function explain(test: StoreTest): void {
  describe('explain', () => {
    test('a ready job by how many run before it', async (h) => {
      // A store may know that no worker takes the type, which would be a cause of its own.
      await h.claim();
      await h.addAll([{ id: 'a1' }, { id: 'a2' }, { id: 'first', priority: 1 }, { id: 'b1', type: 'b' }]);
      const ahead = async (id: string) => (await explained(h, id)).causes.find((cause) => cause.code === 'ready');
      expect(await ahead('first')).toEqual({ code: 'ready', ahead: 0 });
      expect(await ahead('a1')).toEqual({ code: 'ready', ahead: 1 });
      expect(await ahead('a2')).toEqual({ code: 'ready', ahead: 2 });
      await h.claimOne();
      expect(await ahead('a2')).toEqual({ code: 'ready', ahead: 1 });
    });

    test('a scheduled job by its time', async (h) => {
      const id = await h.add({ runAt: h.now() + 3_600_000 });
      const { runAt } = await h.job(id);
      const explanation = await explained(h, id);
      expect(explanation).toMatchObject({ id, status: 'pending' });
      expect(explanation.causes).toContainEqual({ code: 'scheduled', runAt, backoff: false });
      expect(codes(explanation)).not.toContain('ready');
    });

    test('a job that waits between two attempts by its backoff', async (h) => {
      const claimed = await h.start();
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 3_600_000 });
      const { runAt } = await h.job(claimed.job.id);
      expect((await explained(h, claimed.job.id)).causes).toContainEqual({ code: 'scheduled', runAt, backoff: true });
    });

    test('a paused job by what is paused', async (h) => {
      const id = await h.add({ type: 'a' });
      const other = await h.add({ type: 'b' });
      await h.store.pause(true, { type: 'a' });
      expect((await explained(h, id)).causes).toContainEqual({ code: 'paused', type: 'a' });
      expect(codes(await explained(h, id))).not.toContain('ready');
      expect(codes(await explained(h, other))).not.toContain('paused');
      await h.store.pause(true);
      expect((await explained(h, other)).causes).toContainEqual({ code: 'paused' });
    });

    test('a job by every cause that holds', async (h) => {
      const id = await h.add({ runAt: h.now() + 3_600_000 });
      await h.store.pause(true);
      expect(codes(await explained(h, id))).toEqual(expect.arrayContaining(['scheduled', 'paused']));
    });

    test.needing('dependencies')('a blocked job by the jobs that it waits for', async (h) => {
      await h.addAll([
        { id: 'done' },
        { id: 'failing', maxAttempts: 1 },
        { id: 'waiting' },
        { id: 'child', dependsOn: ['done', 'failing', 'waiting'] },
      ]);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
      const causes = async () => (await explained(h, 'child')).causes.filter((cause) => cause.code !== 'no-worker');
      expect(await causes()).toEqual([
        {
          code: 'blocked',
          by: [
            { id: 'failing', status: 'failed' },
            { id: 'waiting', status: 'pending' },
          ],
        },
      ]);
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['failing', 'waiting'] } });
      expect(await causes()).toMatchObject([{ code: 'failed', reason: 'dependency' }]);
    });

    test('a running job by its worker', async (h) => {
      const { job, token } = await h.start({}, 'worker-7');
      const running = { code: 'running', worker: 'worker-7', since: job.started, cancelling: false, stuck: false };
      expect(await explained(h, job.id)).toMatchObject({ status: 'active', causes: [running] });
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [job.id] } });
      await h.store.report([{ id: job.id, token, stuck: true }]);
      expect((await explained(h, job.id)).causes).toEqual([{ ...running, cancelling: true, stuck: true }]);
    });

    test('a finished job by how it ended', async (h) => {
      const completed = await h.job(await h.complete());
      const failed = await h.job(await h.fail());
      expect(await explained(h, completed.id)).toMatchObject({
        status: 'completed',
        causes: [{ code: 'completed', at: completed.finished }],
      });
      const explanation = await explained(h, failed.id);
      expect(explanation).toMatchObject({
        status: 'failed',
        causes: [{ code: 'failed', at: failed.finished, reason: 'error' }],
      });
      expect(explanation.causes[0]).toHaveProperty('message', expect.stringContaining(BOOM.message));
    });

    test('each job of a batch in a sentence, and null for those that are not there', async (h) => {
      const waiting = await h.add({ runAt: h.now() + 3_600_000 });
      const done = await h.complete();
      const explanations = await h.store.explain([done, 'gone', waiting]);
      expect(explanations.map((explanation) => explanation?.id ?? null)).toEqual([done, null, waiting]);
      for (const explanation of explanations.filter((one) => one !== null)) {
        expect(explanation.sentence).toMatch(/\w+ \w+/);
        expect(explanation.causes.length).toBeGreaterThan(0);
      }
      expect(explanations[0]?.sentence).not.toBe(explanations[2]?.sentence);
    });
  });
}
