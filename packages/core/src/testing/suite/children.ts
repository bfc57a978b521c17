import type { ChildPolicy, JobSpec, NewChildren } from '../../job';
import type { ClaimedJob } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const part = (id: string, more: Partial<JobSpec> = {}): JobSpec => ({ type: 'part', data: id, id, ...more });

/** Hands a job back until these have ended. */
async function wait(h: Harness, claimed: ClaimedJob, jobs: JobSpec[], more: Partial<NewChildren> = {}): Promise<void> {
  await h.settle(claimed, { outcome: 'waiting', children: { name: 'parts', jobs, ...more } });
}

async function claimParts(h: Harness): Promise<ClaimedJob[]> {
  return h.claim({ types: { part: 1_000 } });
}

async function failAll(h: Harness, claimed: ClaimedJob[]): Promise<void> {
  for (const one of claimed) await h.settle(one, { outcome: 'failed', error: BOOM, reason: 'error' });
}

/** The settlement `waiting`: a running job adds others, and runs again when they have ended. */
export function children(test: StoreTest): void {
  const dependent = test.needing('dependencies');

  describe('a job that waits for jobs that it added', () => {
    dependent('goes back to pending, and runs again when the last of them has completed', async (h) => {
      const first = await h.start({ id: 'whole' });
      await wait(h, first, [part('one'), part('two', { priority: 1 })]);
      expect(await h.job('whole')).toMatchObject({
        ...{ status: 'pending', attempt: 0, metadata: { retries: 0, errors: [] } },
        children: [{ name: 'parts', ids: ['one', 'two'] }],
      });
      expect(await h.job('one')).toMatchObject({ status: 'pending', parent: 'whole', data: 'one' });
      const [explained] = await h.store.explain(['whole']);
      expect(explained?.causes[0]).toMatchObject({ code: 'blocked', by: [{ id: 'one' }, { id: 'two' }] });
      const parts = await h.claim();
      expect(parts.map(({ job }) => job.id)).toEqual(['two', 'one']);
      for (const [n, one] of parts.entries()) {
        expect((await h.store.counts()).waiting.blocked).toBe(1);
        await h.settle(one, { outcome: 'completed', result: n });
      }
      const again = await h.claimOne();
      expect(again.job).toMatchObject({ id: 'whole', attempt: 1, children: [{ ids: ['one', 'two'] }] });
      expect(await h.store.settle([{ id: 'whole', token: first.token, outcome: 'completed' }])).toMatchObject([
        { accepted: false },
      ]);
    });

    dependent('may do so again, and keeps what it had', async (h) => {
      await wait(h, await h.start({ id: 'whole' }), [part('one')]);
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      await wait(h, await h.claimOne(), [part('two')], { name: 'more' });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      const last = await h.claimOne();
      expect(last.job.children).toEqual([
        { name: 'parts', ids: ['one'] },
        { name: 'more', ids: ['two'] },
      ]);
      await h.settle(last, { outcome: 'failed', error: BOOM, reason: 'error' });
      await h.store.change({ change: { action: 'retry' }, target: { ids: ['whole'] } });
      expect((await h.claimOne()).job.children).toEqual(last.job.children);
    });

    const AFTER_FAILURE: Record<ChildPolicy, object> = {
      wait: { status: 'pending' },
      fail: { status: 'failed', reason: 'dependency' },
      continue: { status: 'pending' },
    };
    for (const [policy, expected] of Object.entries(AFTER_FAILURE) as [ChildPolicy, object][]) {
      dependent(`does as it wants when one of them fails: ${policy}`, async (h) => {
        // What it wants of its own parents is another matter.
        await h.complete({ id: 'parent' });
        const first = await h.start({ id: 'whole', dependsOn: ['parent'], onParentFailed: 'skip' });
        await wait(h, first, [part('one'), part('two')], { onChildFailed: policy });
        const [one, two] = await claimParts(h);
        await failAll(h, one ? [one] : []);
        expect(await h.job('whole')).toMatchObject(expected);
        if (two) await h.settle(two, { outcome: 'completed' });
        expect((await h.claim()).map(({ job }) => job.id)).toEqual(policy === 'continue' ? ['whole'] : []);
        const group = { name: 'parts', ids: ['one', 'two'], ...(policy !== 'wait' && { onChildFailed: policy }) };
        expect((await h.job('whole')).children).toEqual([group]);
      });
    }

    dependent('goes on when a failed one is retried, and it with it if it failed', async (h) => {
      for (const policy of ['wait', 'fail'] as const) {
        await wait(h, await h.start({ id: policy }), [part(`${policy}-part`)], { onChildFailed: policy });
        await failAll(h, await claimParts(h));
        await h.store.change({ change: { action: 'retry' }, target: { ids: [`${policy}-part`, policy] } });
        expect(await h.job(policy)).toMatchObject({ status: 'pending' });
        await h.settle(await h.claimOne(), { outcome: 'completed' });
        const again = await h.claimOne();
        expect(again.job.id).toBe(policy);
        await h.settle(again, { outcome: 'completed' });
      }
    });

    dependent('fails when one of them is removed before it completed', async (h) => {
      await wait(h, await h.start({ id: 'whole' }), [part('one')]);
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['one'] } });
      expect(await h.job('whole')).toMatchObject({ status: 'failed', reason: 'dependency' });
    });

    dependent('can be cancelled, and leaves them alone', async (h) => {
      await wait(h, await h.start({ id: 'whole' }), [part('one')]);
      await h.store.change({ change: { action: 'cancel' }, target: { ids: ['whole'] } });
      expect(await h.job('whole')).toMatchObject({ status: 'failed', reason: 'cancelled' });
      await h.store.change({ change: { action: 'cancel' }, target: { filter: { parent: 'whole' } } });
      expect(await h.job('one')).toMatchObject({ status: 'failed', reason: 'cancelled' });
    });

    dependent('adds none when it is being cancelled', async (h) => {
      const first = await h.start({ id: 'whole' });
      await h.store.change({ change: { action: 'cancel' }, target: { ids: ['whole'] } });
      await wait(h, first, [part('one')]);
      expect(await h.store.get(['one'])).toEqual([null]);
      expect(await h.job('whole')).toMatchObject({ status: 'failed', reason: 'cancelled' });
    });

    dependent('waits for the job that holds the id or the key already, and for none that has completed', async (h) => {
      await h.add({ id: 'there', type: 'other' });
      await h.add({ id: 'holder', type: 'other', key: 'k' });
      await h.complete({ id: 'done', priority: 1 });
      await wait(h, await h.start({ id: 'whole', priority: 1 }), [
        part('there'),
        part('new', { key: 'k' }),
        part('done'),
        part('one'),
        part('there'),
      ]);
      expect((await h.job('whole')).children?.[0]?.ids).toEqual(['there', 'holder', 'done', 'one']);
      expect((await h.job('there')).parent).toBeUndefined();
      const [explained] = await h.store.explain(['whole']);
      expect(explained?.causes[0]).toMatchObject({ by: [{ id: 'there' }, { id: 'holder' }, { id: 'one' }] });
      for (const claimed of await h.claim()) await h.settle(claimed, { outcome: 'completed' });
      expect((await h.claimOne()).job.id).toBe('whole');
    });

    dependent('fails, and adds none, when they would wait for it', async (h) => {
      await h.add({ id: 'later', type: 'other', dependsOn: [await h.add({ id: 'blocker', type: 'other' })] });
      const cases: [name: string, jobs: JobSpec[]][] = [
        ['itself', [part('itself')]],
        ['parent', [part('p-1'), part('p-2', { dependsOn: ['parent'] })]],
        ['through', [part('t-1', { dependsOn: ['after-through'] })]],
        ['each-other', [part('e-1', { dependsOn: ['e-2'] }), part('e-2', { dependsOn: ['e-1'] })]],
      ];
      for (const [id, jobs] of cases) {
        const first = await h.start({ id, priority: 1 });
        await h.add({ id: `after-${id}`, type: 'other', dependsOn: [id] });
        await wait(h, first, jobs);
        const { status, reason, metadata } = await h.job(id);
        expect([status, reason, metadata.errors[0]?.code], id).toEqual(['failed', 'error', 'CYCLE']);
        expect(metadata.errors[0]?.message).toContain(jobs[0]?.id === id ? id : jobs.at(-1)?.id);
      }
      expect(await h.store.get(['p-1', 't-1', 'e-1'])).toEqual([null, null, null]);
    });

    dependent('fails, and adds none, when one of them is not valid', async (h) => {
      const bad: NewChildren[] = [
        { name: 'parts', jobs: [part('one'), part('UPPER')] },
        { name: 'parts', jobs: [part('one', { dependsOn: ['nobody'] })] },
        { name: 'parts', jobs: [] },
        { name: '', jobs: [part('one')] },
        { name: 'parts', jobs: 'none' as unknown as JobSpec[] },
        { name: 'parts', jobs: [part('one')], onChildFailed: 'skip' as ChildPolicy },
      ];
      for (const children of bad) {
        const first = await h.start();
        await h.settle(first, { outcome: 'waiting', children });
        const job = await h.job(first.job.id);
        expect(job).toMatchObject({ status: 'failed', reason: 'error', metadata: { errors: [{ code: 'INVALID' }] } });
        expect(await h.store.get(['one'])).toEqual([null]);
      }
    });

    dependent('is told, and they are listed by it', async (h) => {
      const first = await h.start({ id: 'whole' });
      await h.add({ id: 'other' });
      const recorder = await h.record();
      await wait(h, first, [part('one'), part('two')]);
      const told = await h.recorded(recorder);
      expect(told.filter(({ id }) => id !== undefined).map(({ kind, id }) => [kind, id])).toEqual([
        ['added', 'one'],
        ['added', 'two'],
        ['waiting', 'whole'],
      ]);
      const { jobs } = await h.store.list({ filter: { parent: 'whole' } });
      expect(jobs.map(({ id }) => id)).toEqual(['one', 'two']);
    });

    test.needing('dependencies', 'persistence')('is found as it was after a reopen', async (h) => {
      await wait(h, await h.start({ id: 'whole' }), [part('one'), part('two')], { onChildFailed: 'continue' });
      await failAll(h, (await claimParts(h)).slice(0, 1));
      const before = (await h.everything()).map(({ id, status, children, parent }) => ({
        id,
        status,
        children,
        parent,
      }));
      await h.store.takeBack(['w1'], 'released');
      await h.reopen();
      const after = (await h.everything()).map(({ id, status, children, parent }) => ({
        id,
        status,
        children,
        parent,
      }));
      expect(after).toEqual(before.map((job) => (job.status === 'active' ? { ...job, status: 'pending' } : job)));
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['two']);
      await h.reopen();
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      expect((await h.claimOne()).job.id).toBe('whole');
    });
  });
}
