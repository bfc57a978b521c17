import { CycleError, JobTooLargeError, ValidationError } from '../../errors';
import type { FailureReason, Job } from '../../job';
import type { ClaimedJob } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

/** A job as another store may have shown it. */
function foreign(h: Harness, id: string, more: Partial<Job> = {}): Job {
  const at = iso(h.now());
  return {
    ...{ id, type: 'a', status: 'pending', priority: 5, created: at, updated: at, data: { id } },
    metadata: { retries: 0, progress: 0, logs: [], errors: [] },
    ...{ rev: 1, attempt: 0, maxAttempts: 3, maxCrashes: 3 },
    ...more,
  };
}

function failed(h: Harness, id: string, reason: FailureReason, more: Partial<Job> = {}): Job {
  return foreign(h, id, { status: 'failed', reason, finished: iso(h.now()), attempt: 1, ...more });
}

/** One that completed, and one that failed, with all that they can have. */
function finished(h: Harness): Job[] {
  const at = iso(h.now());
  const times = { started: at, finished: at, worker: 'w of there', rev: 7, attempt: 2 };
  const logs = [{ at, level: 'warn' as const, message: 'slow', fields: { ms: 7 } }];
  const errors = [{ at, attempt: 1, ...BOOM }];
  return [
    foreign(h, 'done', {
      ...{
        status: 'completed',
        ...times,
        result: ['ok', null],
        tags: ['t'],
        key: 'k',
        group: 'g',
        needs: { gpu: 1 },
        timeout: 9,
        ageing: 60_000,
        agedAt: at,
        priority: 2,
      },
      metadata: { retries: 1, progress: 100, detail: { bytes: 1 }, logs, errors, crashes: 1, checkpoint: [3] },
    }),
    foreign(h, 'broken', {
      ...{ status: 'failed', ...times, reason: 'timeout', dependsOn: ['long-gone'], onParentFailed: 'fail' },
      metadata: { retries: 1, progress: 40, logs: [], errors },
    }),
  ];
}

/** `restore`: jobs of another store, as they are. */
export function restore(test: StoreTest): void {
  const able = test.needing('restore');
  const withParents = test.needing('restore', 'dependencies');
  const outcomes = async (h: Harness, jobs: Job[], replace?: boolean) =>
    (await h.store.restore(jobs, replace === undefined ? {} : { replace })).map(({ outcome }) => outcome);

  describe('restored', () => {
    able('jobs that have ended stand there with all that happened to them', async (h) => {
      const jobs = finished(h);
      expect(await h.store.restore(jobs)).toEqual([
        { id: 'done', outcome: 'added' },
        { id: 'broken', outcome: 'added' },
      ]);
      for (const job of jobs) {
        const { order: _ofThisStore, ...there } = await h.job(job.id);
        expect(there).toEqual(job);
      }
      expect(await h.store.counts()).toMatchObject({ completed: 1, failed: 1, pending: 0 });
      expect(await h.claim()).toEqual([]);
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['broken'] } });
      expect(await h.job('broken')).toMatchObject({ status: 'pending', attempt: 0 });
    });

    able('pending jobs run behind those that are there, and one that ran elsewhere is pending', async (h) => {
      await h.add({ id: 'here' });
      const attempted = { attempt: 1, metadata: { retries: 1, progress: 3, logs: [], errors: [], checkpoint: 'half' } };
      await h.store.restore([
        foreign(h, 'first', { order: -99 }),
        foreign(h, 'ran', { status: 'active', worker: 'w of there', ...attempted }),
        foreign(h, 'later', { runAt: iso(h.now() + 3_600_000) }),
      ]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['here', 'first', 'ran']);
      expect(await h.job('ran')).toMatchObject({ attempt: 2, metadata: { checkpoint: 'half', retries: 1 } });
      expect((await h.store.counts()).waiting.scheduled).toBe(1);
    });

    able('they leave alone what is there under their id or key', async (h) => {
      await h.add({ id: 'same', data: 'here' });
      await h.add({ id: 'holder', key: 'k' });
      const [again] = [foreign(h, 'twice')];
      expect(await outcomes(h, [foreign(h, 'same'), foreign(h, 'other', { key: 'k' }), again, again])).toEqual([
        'exists',
        'key',
        'added',
        'exists',
      ]);
      expect((await h.job('same')).data).toBe('here');
      expect(await h.store.get(['other'])).toEqual([null]);
    });

    able('they replace it when asked to, unless it is running', async (h) => {
      const { job } = await h.start({ id: 'runs' });
      await h.add({ id: 'waits', key: 'k', priority: 9 });
      await h.complete({ id: 'ended', priority: 1 });
      const [done] = finished(h);
      const jobs = [
        foreign(h, job.id),
        foreign(h, 'waits', { data: 'new', tags: ['t'] }),
        { ...(done as Job), id: 'ended' },
        foreign(h, 'fresh', { key: 'k' }),
      ];
      expect(await outcomes(h, jobs, true)).toEqual(['active', 'replaced', 'replaced', 'added']);
      const waits = await h.job('waits');
      expect(waits).toMatchObject({ data: 'new', priority: 5, tags: ['t'] });
      expect(waits).not.toHaveProperty('key');
      expect(await h.job('ended')).toMatchObject({ result: ['ok', null], attempt: 2 });
      expect((await h.claim()).map(({ job: { id } }) => id)).toEqual(['waits', 'fresh']);
    });

    withParents('jobs wait for their parents as others do', async (h) => {
      const [done] = finished(h);
      await h.store.restore([
        done as Job,
        foreign(h, 'parent'),
        foreign(h, 'child', { dependsOn: ['done', 'parent'] }),
        foreign(h, 'free', { dependsOn: ['done'] }),
      ]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['parent', 'free']);
      expect(await h.store.counts()).toMatchObject({ waiting: { blocked: 1 } });
    });

    withParents('jobs that failed while they waited wait again when they are retried', async (h) => {
      const [done] = finished(h);
      const dependsOn = ['p', 'done'];
      await h.store.restore([
        failed(h, 'p', 'error'),
        done as Job,
        failed(h, 'orphan', 'dependency', { dependsOn, onParentFailed: 'fail' }),
        failed(h, 'cancelled', 'cancelled', { dependsOn }),
        failed(h, 'outlives', 'cancelled', { dependsOn, onParentFailed: 'continue' }),
        failed(h, 'ran', 'error', { dependsOn }),
        failed(h, 'alone', 'cancelled', { dependsOn: ['nobody'] }),
      ]);
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['p'] } });
      await h.store.change({
        change: { action: 'retry' },
        target: { ids: ['orphan', 'cancelled', 'outlives', 'ran', 'alone'] },
      });
      const [parent, ...others] = await h.claim();
      expect([parent, ...others].map((claimed) => claimed?.job.id)).toEqual(['p', 'outlives', 'ran', 'alone']);
      await h.settle(parent as ClaimedJob, { outcome: 'completed' });
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['orphan', 'cancelled']);
    });

    withParents('in the place of a parent, they are waited for', async (h) => {
      await h.addAll([{ id: 'p1' }, { id: 'p2' }, { id: 'p3' }]);
      for (const policy of ['wait', 'continue', 'fail', 'skip'] as const) {
        await h.add({ id: policy, dependsOn: ['p1', 'p2', 'p3'], onParentFailed: policy });
      }
      const [done, broken] = finished(h);
      await h.store.restore([foreign(h, 'p1', { data: 'new' }), { ...(done as Job), id: 'p2' }], { replace: true });
      expect((await h.store.counts()).waiting.blocked).toBe(4);
      await h.store.restore([{ ...(broken as Job), id: 'p3' }], { replace: true });
      await h.claimOne();
      expect(await h.job('fail')).toMatchObject({ status: 'failed', reason: 'dependency' });
      expect(await h.job('skip')).toMatchObject({ status: 'completed', skipped: true });
      expect((await h.store.explain(['wait', 'continue'])).map((found) => found?.causes)).toEqual([
        [
          {
            code: 'blocked',
            by: [
              { id: 'p1', status: 'active' },
              { id: 'p3', status: 'failed' },
            ],
          },
        ],
        [{ code: 'blocked', by: [{ id: 'p1', status: 'active' }] }],
      ]);
    });

    withParents('jobs whose parents are not there are left out', async (h) => {
      await h.add({ id: 'holder', key: 'k' });
      const jobs = [
        foreign(h, 'orphan', { dependsOn: ['nobody'] }),
        foreign(h, 'grandchild', { dependsOn: ['orphan'] }),
        foreign(h, 'parent', { key: 'k' }),
        foreign(h, 'child', { dependsOn: ['parent'] }),
      ];
      expect(await outcomes(h, jobs)).toEqual(['parent', 'parent', 'key', 'parent']);
      expect(await h.everything()).toHaveLength(1);
    });

    withParents('in a cycle are refused, also in one through jobs that are there', async (h) => {
      await h.addAll([{ id: 'p' }, { id: 'child', dependsOn: ['p'] }]);
      const before = await h.everything();
      const self = [foreign(h, 'child', { dependsOn: ['child'] })];
      await expect(h.store.restore(self, { replace: true })).rejects.toBeInstanceOf(CycleError);
      const orphans = [
        failed(h, 'a', 'dependency', { dependsOn: ['b'] }),
        failed(h, 'b', 'dependency', { dependsOn: ['a'] }),
      ];
      await expect(h.store.restore(orphans)).rejects.toBeInstanceOf(CycleError);
      const closing = [foreign(h, 'p', { dependsOn: ['child'] })];
      await expect(h.store.restore(closing, { replace: true })).rejects.toBeInstanceOf(CycleError);
      expect(await h.everything()).toEqual(before);
    });

    able('jobs with a fault are refused, with its place, and none of the call is taken', async (h) => {
      const bad: [unknown, (string | number)[]][] = [
        [{ ...foreign(h, 'x'), status: 'done' }, ['status']],
        [{ ...foreign(h, 'x'), id: '../x' }, ['id']],
        [{ ...foreign(h, 'x'), id: undefined }, ['id']],
        [{ ...foreign(h, 'x'), created: 'yesterday' }, ['created']],
        [{ ...foreign(h, 'x'), colour: 'red' }, ['colour']],
        [{ ...foreign(h, 'x'), metadata: { logs: [{}] } }, ['metadata', 'logs', 0, 'at']],
        ['x', []],
      ];
      for (const [value, path] of bad) {
        const error = await h.store.restore([foreign(h, 'good'), value as Job]).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ValidationError);
        expect((error as ValidationError).issues[0]?.path).toEqual([1, ...path]);
      }
      const huge = foreign(h, 'x', { data: 'x'.repeat(17 * 1024 * 1024) });
      await expect(h.store.restore([huge])).rejects.toBeInstanceOf(JobTooLargeError);
      expect(await h.everything()).toEqual([]);
    });

    able('none at all is fine, and a dry run changes nothing', async (h) => {
      expect(await h.store.restore([])).toEqual([]);
      await h.add({ id: 'same' });
      const jobs = [foreign(h, 'same'), foreign(h, 'new')];
      const before = await h.everything();
      expect((await h.store.restore(jobs, { replace: true, dryRun: true })).map(({ outcome }) => outcome)).toEqual([
        'replaced',
        'added',
      ]);
      expect(await h.everything()).toEqual(before);
    });

    able('jobs are told as events', async (h) => {
      await h.add({ id: 'waits' });
      const recorder = await h.record();
      await h.store.restore([...finished(h), foreign(h, 'waits')], { replace: true });
      await recorder.untilKind('added', 'waits');
      expect(recorder.events.map(({ kind, id, status }) => [kind, id, status])).toContainEqual([
        'added',
        'done',
        'completed',
      ]);
      expect(recorder.events.map(({ kind, id }) => [kind, id])).toContainEqual(['removed', 'waits']);
    });

    test.needing('restore', 'persistence')('jobs are there again after close and open', async (h) => {
      await h.add({ id: 'waits', data: 'old' });
      await h.store.restore([...finished(h), foreign(h, 'waits', { data: 'new' })], { replace: true });
      const before = await h.everything();
      await h.reopen();
      expect(await h.everything()).toEqual(before);
      expect((await h.claim()).map(({ job }) => job.data)).toEqual(['new']);
    });
  });
}
