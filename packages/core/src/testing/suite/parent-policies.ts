import type { Job, JobSpec, ParentPolicy } from '../../job';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const BY_POLICY = {
  wait: { status: 'pending', reason: undefined, skipped: undefined },
  fail: { status: 'failed', reason: 'dependency', skipped: undefined },
  continue: { status: 'pending', reason: undefined, skipped: undefined },
  skip: { status: 'completed', reason: undefined, skipped: true },
  only: { status: 'pending', reason: undefined, skipped: undefined },
} as const satisfies Record<ParentPolicy, Partial<Job>>;

const POLICIES = Object.keys(BY_POLICY) as ParentPolicy[];

const child = (onParentFailed: ParentPolicy, more: Partial<JobSpec> = {}): Partial<JobSpec> => ({
  ...{ id: `child-${onParentFailed}`, dependsOn: ['parent'], onParentFailed },
  ...more,
});

async function shown(h: Harness, id: string): Promise<Pick<Job, 'status' | 'reason' | 'skipped'>> {
  const { status, reason, skipped } = await h.job(id);
  return { status, reason, skipped } as Pick<Job, 'status' | 'reason' | 'skipped'>;
}

async function failNext(h: Harness): Promise<void> {
  await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error' });
}

/** How the parent is lost; afterwards the store knows that it will never complete by itself. */
const LOSSES: [how: string, lose: (h: Harness) => Promise<unknown>, message: RegExp][] = [
  ['fails', failNext, /Job parent failed/],
  [
    'is cancelled',
    (h) => h.store.change({ change: { action: 'cancel' }, target: { ids: ['parent'] } }),
    /Job parent failed/,
  ],
  [
    'is removed before it completed',
    (h) => h.store.change({ change: { action: 'remove' }, target: { ids: ['parent'] } }),
    /Job parent left the store/,
  ],
];

/** `onParentFailed`: what becomes of a job whose parent fails. */
export function parentPolicies(test: StoreTest): void {
  const dependent = test.needing('dependencies');

  describe('onParentFailed', () => {
    for (const [how, lose, message] of LOSSES) {
      dependent(`decides what becomes of a job whose parent ${how}`, async (h) => {
        await h.addAll([{ id: 'parent' }, ...POLICIES.map((policy) => child(policy))]);
        await lose(h);
        const removed = how.startsWith('is removed');
        for (const policy of POLICIES) {
          // Nobody can retry what is not there any more.
          const expected = removed && policy === 'wait' ? BY_POLICY.fail : BY_POLICY[policy];
          expect(await shown(h, `child-${policy}`), policy).toEqual(expected);
        }
        expect((await h.claim()).map(({ job }) => job.id)).toEqual(['child-continue', 'child-only']);
        const { metadata, finished, attempt } = await h.job('child-fail');
        expect(metadata.errors).toHaveLength(1);
        expect(metadata.errors[0]).toMatchObject({ name: 'DependencyError', code: 'DEPENDENCY', attempt: 0 });
        expect(metadata.errors[0]?.message).toMatch(message);
        expect([finished !== undefined, attempt]).toEqual([true, 0]);
      });
    }

    dependent('is shown with the job, unless it is to wait', async (h) => {
      await h.addAll([{ id: 'parent' }, ...POLICIES.map((policy) => child(policy))]);
      const policies = await Promise.all(
        POLICIES.map(async (policy) => (await h.job(`child-${policy}`)).onParentFailed),
      );
      expect(policies).toEqual([undefined, 'fail', 'continue', 'skip', 'only']);
    });

    dependent(
      'changes nothing while a failed attempt is followed by another, or when the parent completes',
      async (h) => {
        await h.addAll([{ id: 'parent' }, ...POLICIES.map((policy) => child(policy))]);
        await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
        expect((await h.store.counts()).waiting.blocked).toBe(5);
        await h.settle(await h.claimOne(), { outcome: 'completed' });
        expect((await h.claim()).map(({ job }) => job.id).sort()).toEqual(
          POLICIES.filter((policy) => policy !== 'only')
            .map((policy) => `child-${policy}`)
            .sort(),
        );
        expect(await shown(h, 'child-only')).toEqual(BY_POLICY.skip);
      },
    );

    dependent('counts for a parent that had failed before the job was added', async (h) => {
      await h.fail({ id: 'parent' });
      await h.addAll(POLICIES.map((policy) => child(policy)));
      for (const policy of POLICIES) expect(await shown(h, `child-${policy}`), policy).toEqual(BY_POLICY[policy]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['child-continue', 'child-only']);
    });

    dependent('goes from job to job: a failed one fails its own, a skipped one lets them go on', async (h) => {
      await h.addAll([
        { id: 'parent' },
        child('fail'),
        child('skip'),
        { id: 'after-fail', dependsOn: ['child-fail'], onParentFailed: 'fail' },
        { id: 'last', dependsOn: ['after-fail', 'child-skip'], onParentFailed: 'skip' },
        { id: 'after-skip', dependsOn: ['child-skip'], onParentFailed: 'fail' },
      ]);
      await failNext(h);
      expect(await shown(h, 'after-fail')).toEqual(BY_POLICY.fail);
      expect(await shown(h, 'last')).toEqual(BY_POLICY.skip);
      expect((await h.job('after-fail')).metadata.errors[0]?.message).toMatch(/Job child-fail failed/);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['after-skip']);
    });

    dependent('is decided by the first parent that fails, and by none of the others', async (h) => {
      await h.addAll([{ id: 'p1' }, { id: 'p2' }, { id: 'end', dependsOn: ['p1', 'p2'], onParentFailed: 'fail' }]);
      const [, second] = await h.claim();
      if (second) await h.settle(second, { outcome: 'failed', error: BOOM, reason: 'error' });
      const { updated, rev, metadata } = await h.job('end');
      expect(metadata.errors[0]?.message).toMatch(/Job p2 failed/);
      await h.store.takeBack(['w1'], 'released');
      await failNext(h);
      expect(await h.job('end')).toMatchObject({ updated, rev, metadata });
    });

    dependent('runs a job that goes on when the last of its parents has ended', async (h) => {
      await h.addAll([{ id: 'p1' }, { id: 'p2' }, { id: 'end', dependsOn: ['p1', 'p2'], onParentFailed: 'continue' }]);
      await failNext(h);
      const second = await h.claimOne();
      expect((await h.claim()).length).toBe(0);
      await h.settle(second, { outcome: 'completed' });
      expect((await h.claimOne()).job.id).toBe('end');
    });

    dependent('runs a job that is there for a failure when the last of its parents has ended', async (h) => {
      await h.addAll([{ id: 'p1' }, { id: 'p2' }, { id: 'end', dependsOn: ['p1', 'p2'], onParentFailed: 'only' }]);
      await failNext(h);
      const second = await h.claimOne();
      expect((await h.claim()).length).toBe(0);
      // It failed once, whatever becomes of it.
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['p1'] } });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await h.settle(second, { outcome: 'completed' });
      expect((await h.claimOne()).job.id).toBe('end');
    });

    dependent('leaves out a job that is there for a failure when none came', async (h) => {
      await h.complete({ id: 'p1' });
      await h.addAll([
        { id: 'p2' },
        { id: 'at-once', dependsOn: ['p1'], onParentFailed: 'only' },
        { id: 'end', dependsOn: ['p1', 'p2'], onParentFailed: 'only' },
        { id: 'cancelled', dependsOn: ['p2'], onParentFailed: 'only' },
        { id: 'after', dependsOn: ['end'], onParentFailed: 'fail' },
        { id: 'twice', dependsOn: ['end'], onParentFailed: 'only' },
      ]);
      expect(await shown(h, 'at-once')).toEqual(BY_POLICY.skip);
      await h.store.change({ change: { action: 'cancel' }, target: { ids: ['cancelled'] } });
      const recorder = await h.record({ ids: ['end'] });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      expect(await recorder.until(({ id }) => id === 'end', 'the end')).toMatchObject({ skipped: true });
      expect(await shown(h, 'end')).toEqual(BY_POLICY.skip);
      expect(await shown(h, 'twice')).toEqual(BY_POLICY.skip);
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['cancelled'] } });
      expect(await shown(h, 'cancelled')).toEqual({ ...BY_POLICY.skip, reason: undefined });
      const [explained] = await h.store.explain(['end']);
      expect(explained?.causes).toMatchObject([{ code: 'completed', skipped: true }]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['after']);
    });

    dependent('lets thousands of jobs go on when their parent completes', async (h) => {
      const children = Array.from({ length: 2_500 }, (_, n) => ({ id: `c-${n}`, dependsOn: ['parent'] }));
      await h.addAll([{ id: 'parent' }, ...children]);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      while ((await h.store.counts()).waiting.blocked > 0) await h.pass(1);
      expect((await h.claim({ limit: 3 })).map(({ job }) => job.id)).toEqual(['c-0', 'c-1', 'c-2']);
      expect((await h.store.counts()).waiting.ready).toBe(2_497);
    });

    dependent('is asked again when the job is retried, and forgotten when its parent is', async (h) => {
      await h.addAll([{ id: 'parent' }, child('fail')]);
      await failNext(h);
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['child-fail'] } });
      expect(await shown(h, 'child-fail')).toEqual(BY_POLICY.fail);
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['parent', 'child-fail'] } });
      expect((await h.store.counts()).waiting.blocked).toBe(1);
      expect((await h.claimOne()).job.id).toBe('parent');
    });

    dependent('tells what became of them', async (h) => {
      await h.addAll([{ id: 'parent' }, child('fail'), child('skip')]);
      const recorder = await h.record({ ids: ['child-fail', 'child-skip'] });
      await failNext(h);
      const ended = await recorder.until(({ id }) => id === 'child-skip', 'the end of the skipped job');
      expect(ended).toMatchObject({ kind: 'completed', status: 'completed', skipped: true });
      const failed = recorder.events.find(({ id }) => id === 'child-fail');
      expect(failed).toMatchObject({ kind: 'failed', reason: 'dependency' });
      expect(failed?.error).toMatch(/Job parent failed/);
    });

    dependent('takes thousands of jobs along', async (h) => {
      const children = Array.from({ length: 2_500 }, (_, n) => child('fail', { id: `c-${n}` }));
      await h.addAll([{ id: 'parent' }, ...children.slice(0, 1_500)]);
      await h.addAll(children.slice(1_500));
      await failNext(h);
      while ((await h.store.counts()).failed < 2_501) await h.pass(1);
      expect((await h.store.counts()).waiting.blocked).toBe(0);
    });

    dependent('must be one that there is', async (h) => {
      await h.add({ id: 'parent' });
      const odd = { dependsOn: ['parent'], onParentFailed: 'explode' as ParentPolicy };
      const error = await h.add(odd).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'INVALID', issues: [{ path: ['onParentFailed'] }] });
    });
  });
}
