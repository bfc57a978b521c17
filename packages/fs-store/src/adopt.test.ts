import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOB_STATUSES, type Job, type JobStatus, type JobStore, type Json } from '@leviathan/core';
import { adoption } from '@leviathan/core/engine';
import { describe, expect, it, onTestFinished } from 'vitest';

import { fsStore } from './fs-store';
import { tempDir } from './testing/temp-dir';

const CREATED = '2025-01-30T12:00:00.000Z';
const FINISHED = '2025-01-30T12:05:00.000Z';
const ERROR = { at: FINISHED, attempt: 2, name: 'TypeError', message: 'no', stack: 'at x' };

function jobOf(id: string, status: JobStatus, more: Partial<Job> = {}): Job {
  return {
    ...{ id, type: 'mail', status, priority: 5, created: CREATED, updated: CREATED, data: { to: id } },
    metadata: { retries: 0, progress: 0, logs: [], errors: [] },
    ...{ rev: 1, attempt: 0, maxAttempts: 3, maxCrashes: 3 },
    ...more,
  };
}

/** Four folders as they come out of a backup: no journal, no `store.json`. */
function foldersOf(jobs: Job[]): string {
  const root = join(tempDir(), 'jobs');
  mkdirSync(root, { mode: 0o700 });
  for (const status of JOB_STATUSES) mkdirSync(join(root, status), { mode: 0o700 });
  for (const job of jobs)
    writeFileSync(join(root, job.status, `${job.id}.json`), JSON.stringify(job, null, 2), { mode: 0o600 });
  return root;
}

/** Open, with all that stood in the folders taken over. */
async function openSettled(root: string): Promise<JobStore> {
  // Files of today may be in retention's reach only with limits that are far away.
  const forever = { age: Number.MAX_SAFE_INTEGER };
  const store = fsStore({ root, durability: 'process', retention: { completed: forever, failed: forever } });
  onTestFinished(() => store.close());
  await store.tidy();
  return store;
}

/** Children are taken over a moment after their parents. */
async function untilThere(store: JobStore, ids: string[]): Promise<void> {
  for (const id of ids) {
    await new Promise<void>((resolve) => {
      void store
        .subscribe({ ids: [id], kinds: ['added'] }, () => resolve())
        .then(() => store.get([id]))
        .then(([job]) => job && resolve());
    });
  }
}

const claimAll = async (store: JobStore): Promise<string[]> =>
  (await store.claim({ worker: 'w', limit: 100, wait: false })).map(({ job }) => job.id);

const inFolders = (root: string): Record<string, string[]> =>
  Object.fromEntries(JOB_STATUSES.map((status) => [status, readdirSync(join(root, status)).sort()]));

describe('four folders without a journal', () => {
  it('open as the queue they show, in the order they show', async () => {
    const root = foldersOf([
      jobOf('third', 'pending', { order: 30 }),
      jobOf('first', 'pending', { order: 10 }),
      jobOf('urgent', 'pending', { order: 99, priority: 1 }),
      jobOf('second', 'pending', { order: 20 }),
      jobOf('later', 'pending', { order: 1, runAt: '2999-01-01T00:00:00.000Z' }),
      jobOf('done', 'completed', { attempt: 1, finished: FINISHED, result: { size: 3 } }),
      jobOf('broken', 'failed', { attempt: 2, finished: FINISHED, reason: 'timeout' }),
    ]);
    const before = inFolders(root);
    const store = await openSettled(root);
    expect(inFolders(root)).toEqual(before);
    expect(await store.counts()).toMatchObject({ pending: 5, completed: 1, failed: 1, waiting: { scheduled: 1 } });
    expect(await claimAll(store)).toEqual(['urgent', 'first', 'second', 'third']);
  });

  it('keep every field of a job', async () => {
    const jobs: Job[] = [
      jobOf('waits', 'pending', {
        ...{ rev: 7, order: -2.5, priority: 2, attempt: 1, maxAttempts: 9, maxCrashes: 4, timeout: 1_000, key: 'k' },
        ...{
          tags: ['red', 'blue'],
          backoff: { type: 'exponential', delay: 100, factor: 3 },
          started: CREATED,
          worker: 'w0',
        },
        metadata: {
          ...{ retries: 1, progress: 0, crashes: 1, checkpoint: { page: 7 }, errors: [ERROR] },
          steps: [{ name: 'fetch', at: CREATED, result: { size: 1 } }],
          logs: [{ at: CREATED, level: 'info', message: 'half way', fields: { bytes: 1 } }],
        },
      }),
      jobOf('done', 'completed', {
        ...{ rev: 3, order: 2, attempt: 1, started: CREATED, finished: FINISHED, updated: FINISHED, worker: 'w0' },
        ...{ result: { size: [1, null] }, metadata: { retries: 0, progress: 100, logs: [], errors: [] } },
      }),
      jobOf('broken', 'failed', {
        ...{ rev: 4, order: 3, attempt: 2, started: CREATED, finished: FINISHED, updated: FINISHED, worker: 'w0' },
        ...{ reason: 'crashed', metadata: { retries: 1, progress: 12.5, logs: [], errors: [ERROR], crashes: 2 } },
      }),
    ];
    const store = await openSettled(foldersOf(jobs));
    const adopted = await store.get(jobs.map(({ id }) => id));
    // And not a field more: a crash before its file is written anew must not make an edit of the one that stands there.
    expect(adopted).toEqual(jobs);
  });

  it('put what was running back: whoever ran it is not connected', async () => {
    const root = foldersOf([
      jobOf('ran', 'active', { attempt: 1, started: CREATED, worker: 'gone', cancelling: true }),
    ]);
    const store = await openSettled(root);
    const [job] = await store.get(['ran']);
    expect(job).toMatchObject({ status: 'pending', attempt: 1 });
    expect(job?.cancelling).toBeUndefined();
    expect(inFolders(root)).toMatchObject({ active: [], pending: ['ran.json'] });
    expect(await claimAll(store)).toEqual(['ran']);
  });

  it('keep dependencies, in whatever order the files are found', async () => {
    const store = await openSettled(
      foldersOf([
        jobOf('a-child', 'pending', { dependsOn: ['z-parent'] }),
        jobOf('b-free', 'pending', { dependsOn: ['y-done'] }),
        jobOf('c-stuck', 'pending', { dependsOn: ['x-failed'] }),
        jobOf('x-failed', 'failed', { finished: FINISHED, reason: 'error' }),
        jobOf('y-done', 'completed', { finished: FINISHED }),
        jobOf('z-parent', 'pending'),
      ]),
    );
    await untilThere(store, ['a-child', 'b-free', 'c-stuck']);
    const claimed = await store.claim({ worker: 'w', limit: 10, wait: false });
    expect(claimed.map(({ job }) => job.id).sort()).toEqual(['b-free', 'z-parent']);
    const parent = claimed.find(({ job }) => job.id === 'z-parent');
    expect((await store.explain(['c-stuck']))[0]?.causes).toMatchObject([
      { code: 'blocked', by: [{ id: 'x-failed' }] },
    ]);
    await store.settle([{ id: 'z-parent', token: parent?.token as string, outcome: 'completed' }]);
    expect(await claimAll(store)).toEqual(['a-child']);
  });

  it('keep keys taken by what waits, and free of what is over', async () => {
    const store = await openSettled(
      foldersOf([
        jobOf('waits', 'pending', { key: 'taken' }),
        jobOf('over', 'completed', { key: 'free', finished: FINISHED }),
      ]),
    );
    expect(
      await store.add([
        { type: 'mail', data: null, key: 'taken' },
        { id: 'new', type: 'mail', data: null, key: 'free' },
      ]),
    ).toEqual([
      { id: 'waits', added: false },
      { id: 'new', added: true },
    ]);
  });

  it('are adopted once: after a restart the journal tells the same, results included', async () => {
    const root = foldersOf([
      jobOf('waits', 'pending', { key: 'k', data: { deep: [1, { two: null }] } }),
      jobOf('done', 'completed', { finished: FINISHED, result: 'ü' }),
      jobOf('nothing', 'completed', { finished: FINISHED }),
    ]);
    const first = await openSettled(root);
    const jobs = (await first.list()).jobs;
    expect(jobs).toHaveLength(3);
    await first.close();
    const again = await openSettled(root);
    expect((await again.list()).jobs).toEqual(jobs);
    expect((await again.get(['nothing']))[0]).not.toHaveProperty('result');
  });

  it('open with what a stranger wrote in few words', async () => {
    const root = foldersOf([]);
    const words: Record<string, Json> = { id: 'brief', type: 'mail', status: 'pending', data: null };
    writeFileSync(join(root, 'pending', 'brief.json'), JSON.stringify(words));
    chmodSync(join(root, 'pending', 'brief.json'), 0o600);
    const store = await openSettled(root);
    expect((await store.get(['brief']))[0]).toMatchObject({ priority: 5, maxAttempts: 3, attempt: 0, data: null });
    expect(await claimAll(store)).toEqual(['brief']);
  });
});

describe('the record of an adopted job', () => {
  it('takes the folder for its state, whatever the file says', () => {
    const job = jobOf('x', 'pending', { runAt: '2999-01-01T00:00:00.000Z', order: 4 });
    expect(adoption(job, 'failed')).toMatchObject({
      op: 'add',
      job: { status: 'failed', run: { reason: 'error', finished: Date.parse(CREATED) } },
    });
    const failed = adoption(job, 'failed') as { job: object };
    expect(failed.job).not.toHaveProperty('runAt');
    expect(failed.job).toHaveProperty('order', 4);
    expect(adoption(job, 'pending')).toMatchObject({
      job: { status: 'pending', order: 4, runAt: Date.parse('2999-01-01T00:00:00.000Z') },
    });
  });
});
