import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSpec, JobStore } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FsStore, fsStore } from './fs-store';
import { type FaultyFiles, faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const MAIL: JobSpec = { id: 'mail', type: 'mail', data: 1, maxAttempts: 1, maxCrashes: 1, deadLetter: 'dead' };

async function open(root: string, files?: FaultyFiles, clock?: FakeClock): Promise<FsStore> {
  const store = fsStore({ root, durability: 'process', ...(files && { files }), ...(clock && { clock }) });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

const newRoot = (): string => join(tempDir(), 'jobs');

/** A disk on which there is no room for a dead letter: of what is written together with one so many bytes arrive. */
function fillUp(files: FaultyFiles, room: number): void {
  let isFull = false;
  files.plan = (call, [, bytes, start, length]) => {
    if (call !== 'writeSync') return undefined;
    if (isFull) return 'ENOSPC';
    const text = (bytes as Buffer).toString('latin1', Number(start), Number(start) + Number(length));
    if (!text.includes('"deadLetterOf"')) return undefined;
    isFull = true;
    return room === 0 ? 'ENOSPC' : { short: Math.min(room, Number(length) - 1) };
  };
}

/** The state of the job, and of which jobs there are letters. */
async function seen(store: JobStore): Promise<{ status: string | undefined; letters: (string | undefined)[] }> {
  const [job] = await store.get(['mail']);
  const { jobs } = await store.list({ filter: { type: 'dead' } });
  return { status: job?.status, letters: jobs.map(({ deadLetterOf }) => deadLetterOf?.id) };
}

/** What a process finds that comes when this one is gone. */
async function seenByTheNext(root: string): Promise<Awaited<ReturnType<typeof seen>>> {
  const copy = newRoot();
  cpSync(root, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  return seen(await open(copy));
}

const DEAD = { status: 'failed', letters: ['mail'] };

/** Nothing at all, a part of the letter, the whole letter and a part of the failure behind it. */
describe.each([0, 100, 500, Number.POSITIVE_INFINITY])('on a disk with room for %d bytes of a dead letter', (room) => {
  it.each<[string, (store: JobStore, token: string) => Promise<unknown>]>([
    [
      'a handler that failed',
      (store, token) => {
        const error = { name: 'E', message: 'no' };
        return store.settle([{ id: 'mail', token, outcome: 'failed', reason: 'error', error }]);
      },
    ],
    ['a death of its process', (store) => store.takeBack(['w'], 'crashed')],
  ])('a job is neither lost nor doubled: %s', async (_what, end) => {
    const root = newRoot();
    const files = faultyFiles();
    const store = await open(root, files);
    await store.add([MAIL]);
    const [claimed] = await store.claim({ worker: 'w', limit: 1, wait: false });
    const token = claimed?.token ?? '';
    fillUp(files, room);
    for (let time = 0; time < 2; time++) {
      await expect(end(store, token)).rejects.toMatchObject({ code: 'WRITE_FAILED', cause: { code: 'ENOSPC' } });
      expect(await seen(store)).toEqual({ status: 'active', letters: [] });
    }
    // Whoever comes now finds a job whose process is gone.
    expect(await seenByTheNext(root)).toEqual(DEAD);
    files.plan = undefined;
    await end(store, token);
    expect(await seen(store)).toEqual(DEAD);
    await store.close();
    expect(await seen(await open(root))).toEqual(DEAD);
  });

  it('a job that fails with its parent waits, until there is room', async () => {
    const root = newRoot();
    const files = faultyFiles();
    const store = await open(root, files);
    await store.add([
      { id: 'parent', type: 'p', data: 1 },
      { ...MAIL, dependsOn: ['parent'], onParentFailed: 'fail' },
      { id: 'other', type: 'o', data: 1 },
    ]);
    const [other] = await store.claim({ worker: 'w', limit: 1, wait: false, types: { o: 1 } });
    fillUp(files, room);
    await store.change({ change: { action: 'cancel' }, target: { ids: ['parent'] } });
    expect((await store.get(['parent']))[0]?.status).toBe('failed');
    expect(await seen(store)).toEqual({ status: 'pending', letters: [] });
    // Who comes now makes up for it.
    expect(await seenByTheNext(root)).toEqual(DEAD);
    files.plan = undefined;
    await store.settle([{ id: 'other', token: other?.token ?? '', outcome: 'completed' }]);
    expect(await seen(store)).toEqual(DEAD);
    await store.close();
    expect(await seen(await open(root))).toEqual(DEAD);
  });

  it('a job that expires waits, until there is room', async () => {
    const root = newRoot();
    const files = faultyFiles();
    const clock = new FakeClock();
    const store = await open(root, files, clock);
    const claim = { worker: 'w', limit: 1, wait: false };
    await store.add([{ type: 'o', data: 'so that the worker is known' }]);
    await store.claim(claim);
    await store.add([{ ...MAIL, expiresAt: clock.now() + 1_000 }]);
    fillUp(files, room);
    await clock.advance(5_000);
    expect(await seen(store)).toEqual({ status: 'pending', letters: [] });
    await expect(store.claim(claim)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
    files.plan = undefined;
    await clock.advance(1_000);
    expect(await seen(store)).toEqual(DEAD);
    await store.close();
    expect(await seen(await open(root))).toEqual(DEAD);
  });
});
