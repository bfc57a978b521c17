import { ValidationError } from '../../errors';
import type { DeadLetterData, Job, JobSpec } from '../../job';
import type { ChangeRequest, ChangeResult } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

const DEAD = { deadLetter: 'dead' };

async function letters(h: Harness): Promise<Job<DeadLetterData>[]> {
  const { jobs } = await h.store.list({ filter: { type: 'dead' }, limit: 1_000 });
  return jobs as Job<DeadLetterData>[];
}

async function failOf(h: Harness, spec: Partial<JobSpec>): Promise<Job<DeadLetterData>> {
  // Letters would be claimed in front of what is added later.
  await h.store.pause(true, { type: 'dead' });
  const id = await h.fail({ ...DEAD, ...spec });
  const letter = (await letters(h)).find((one) => one.deadLetterOf?.id === id);
  if (!letter) throw new Error(`${id} has no dead letter`);
  return letter;
}

function redrive(
  h: Harness,
  target: ChangeRequest['target'] = { filter: { type: 'dead' } },
  more: { limit?: number; every?: number; dryRun?: boolean } = {},
): Promise<ChangeResult> {
  const { dryRun = false, ...bounds } = more;
  return h.store.change({ change: { action: 'redrive', ...bounds }, target, dryRun });
}

/** `deadLetter`, and putting the jobs of dead letters back. */
export function deadLetters(test: StoreTest): void {
  const able = test.needing('dead-letters');

  describe('a job that fails for good leaves a dead letter', () => {
    able('with what it was, why it failed, and where it comes from', async (h) => {
      const spec = { id: 'mail-1', data: { to: 'ada' }, priority: 2, maxAttempts: 1, tags: ['red'], timeout: 5_000 };
      const letter = await failOf(h, spec);
      const { created } = await h.job('mail-1');
      expect(letter).toMatchObject({
        ...{ type: 'dead', status: 'pending', priority: 5, attempt: 0, tags: ['red'] },
        deadLetterOf: { id: 'mail-1', type: 'a', reason: 'error' },
        data: {
          original: { ...spec, type: 'a', deadLetter: 'dead', created },
          reason: 'error',
          attempts: 1,
          error: BOOM,
        },
      });
      expect(letter.deadLetter).toBeUndefined();
    });

    test.needing('dead-letters', 'dependencies')('without what became of it since it was added', async (h) => {
      const whole = await h.start(DEAD);
      const children = { name: 'parts', jobs: [{ id: 'part', type: 'a', data: 1 }] };
      await h.settle(whole, { outcome: 'waiting', children });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
      const [letter] = await letters(h);
      const options = ['priority', 'maxAttempts', 'maxCrashes', 'deadLetter'];
      const wanted = ['id', 'type', 'data', 'created', ...options].sort();
      expect(Object.keys(letter?.data.original ?? {}).sort()).toEqual(wanted);
    });

    able('only once no attempt is left', async (h) => {
      const claimed = await h.start({ ...DEAD, maxAttempts: 2 });
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect(await letters(h)).toEqual([]);
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect(await letters(h)).toHaveLength(1);
    });

    able('when it keeps killing its process', async (h) => {
      await h.start({ ...DEAD, maxCrashes: 1 });
      await h.store.takeBack(['w1'], 'crashed');
      expect(await letters(h)).toMatchObject([
        { deadLetterOf: { reason: 'crashed' }, data: { error: { code: 'CRASHED' } } },
      ]);
    });

    test.needing('dead-letters', 'dependencies')('when a parent of it failed', async (h) => {
      await h.addAll([{ id: 'parent' }, { id: 'child', dependsOn: ['parent'], onParentFailed: 'fail', ...DEAD }]);
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
      expect(await letters(h)).toMatchObject([{ deadLetterOf: { id: 'child', reason: 'dependency' } }]);
    });

    test.needing(
      'dead-letters',
      'expiry',
      'fake-clock',
    )('when it expires', async (h) => {
      await h.add({ ...DEAD, expiresAt: h.now() + 1_000 });
      await h.pass(1_000);
      expect(await letters(h)).toMatchObject([{ deadLetterOf: { reason: 'expired' } }]);
    });

    able('but not when somebody cancels it', async (h) => {
      const id = await h.add(DEAD);
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [id] } });
      expect(await letters(h)).toEqual([]);
    });

    able('and the letter, failing, leaves none: also when it is of its own type', async (h) => {
      await h.fail({ type: 'dead', ...DEAD });
      const claimed = await h.claimOne();
      expect(claimed.job.deadLetterOf).toBeDefined();
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error' });
      expect((await letters(h)).map((job) => job.status)).toEqual(['failed', 'failed']);
    });

    able('and tells both', async (h) => {
      const claimed = await h.start(DEAD);
      const recorder = await h.record();
      await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error' });
      const told = (await h.recorded(recorder)).map(({ kind, type }) => [kind, type]);
      expect(told).toEqual([
        ['added', 'dead'],
        ['failed', 'a'],
      ]);
    });

    able('of a type, nothing else', async (h) => {
      await expect(h.store.add([{ type: 'a', data: 1, deadLetter: 'no spaces' }])).rejects.toBeInstanceOf(
        ValidationError,
      );
    });
  });

  describe('redrive', () => {
    able('puts the job back with all its attempts, and takes the letter away', async (h) => {
      const letter = await failOf(h, { id: 'mail-1', data: { to: 'ada' }, maxAttempts: 1 });
      expect(await redrive(h)).toMatchObject({ matched: 1, changed: 1, ids: [letter.id], skipped: [] });
      expect(await h.store.get([letter.id])).toEqual([null]);
      expect(await h.job('mail-1')).toMatchObject({ status: 'pending', attempt: 0, data: { to: 'ada' } });
      // It has not forgotten where it goes.
      await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
      expect(await letters(h)).toHaveLength(1);
    });

    able('adds a job anew that has left the store', async (h) => {
      const spec = { id: 'mail-1', data: [1], priority: 2, maxAttempts: 7, timeout: 5, tags: ['red'], key: 'k' };
      const letter = await failOf(h, spec);
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['mail-1'] } });
      expect(await redrive(h, { ids: [letter.id] })).toMatchObject({ changed: 1 });
      expect(await h.job('mail-1')).toMatchObject({ ...spec, ...DEAD, type: 'a', status: 'pending', attempt: 0 });
    });

    able('takes the data as a person has mended it', async (h) => {
      const letter = await failOf(h, { id: 'mail-1', data: { to: '' } });
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['mail-1'] } });
      const data = { ...letter.data, original: { ...letter.data.original, data: { to: 'ada' } } };
      const edit = { action: 'edit' as const, patch: { data: JSON.parse(JSON.stringify(data)) } };
      await h.store.change({ change: edit, target: { ids: [letter.id] } });
      await redrive(h);
      expect((await h.job('mail-1')).data).toEqual({ to: 'ada' });
    });

    able('leaves what it cannot put back, with the reason', async (h) => {
      const held = await failOf(h, { id: 'held', key: 'k' });
      const again = await failOf(h, { id: 'again' });
      const broken = await failOf(h, { id: 'broken' });
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['broken'] } });
      await h.store.change({ change: { action: 'edit', patch: { data: 'x' } }, target: { ids: [broken.id] } });
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['again'] } });
      const plain = await h.add({ id: 'holder', key: 'k' });
      const result = await redrive(h, { ids: [held.id, again.id, broken.id, plain] });
      expect(result).toMatchObject({ matched: 4, changed: 0 });
      expect(result.skipped.map(({ ids, reason }) => [ids[0], reason])).toEqual([
        [held.id, 'pending'],
        [again.id, 'unchanged'],
        [broken.id, 'pending'],
        [plain, 'pending'],
      ]);
      expect(await letters(h)).toHaveLength(3);
    });

    able('takes dead letters alone of all that a filter finds', async (h) => {
      await h.fail({ tags: ['red'] });
      await failOf(h, { tags: ['red'] });
      expect(await redrive(h, { filter: { tags: ['red'] } })).toMatchObject({ matched: 1, changed: 1 });
    });

    able('tells beforehand what it would do', async (h) => {
      await failOf(h, {});
      expect(await redrive(h, undefined, { dryRun: true })).toMatchObject({ dryRun: true, changed: 1 });
      expect(await letters(h)).toHaveLength(1);
    });

    able('takes so many at most, the oldest first', async (h) => {
      for (const id of ['one', 'two', 'three']) await failOf(h, { id });
      expect(await redrive(h, undefined, { limit: 2 })).toMatchObject({ matched: 3, changed: 2 });
      expect((await letters(h)).map((letter) => letter.deadLetterOf?.id)).toEqual(['three']);
    });

    test.needing('dead-letters', 'fake-clock')('lets them run so far apart', async (h) => {
      for (const id of ['one', 'two', 'three']) await failOf(h, { id });
      const start = h.now();
      await redrive(h, undefined, { every: 1_000 });
      const times = (await h.store.get(['one', 'two', 'three'])).map((job) => job?.runAt);
      expect(times).toEqual([undefined, iso(start + 1_000), iso(start + 2_000)]);
    });

    test.needing('dead-letters', 'persistence')('works after a restart', async (h) => {
      await failOf(h, { id: 'mail-1', data: { to: 'ada' } });
      await h.reopen();
      expect(await redrive(h)).toMatchObject({ changed: 1 });
      await h.reopen();
      expect(await letters(h)).toEqual([]);
      expect(await h.job('mail-1')).toMatchObject({ status: 'pending', data: { to: 'ada' } });
    });
  });
}
