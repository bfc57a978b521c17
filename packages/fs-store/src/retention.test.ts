import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Job, type JobStore, JobTooLargeError } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { doctor } from './doctor';
import { nodeFiles } from './files';
import { fsStore } from './fs-store';
import type { FsStoreOptions } from './options';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const HOUR = 60 * 60 * 1000;
const MINUTE = 60 * 1000;

interface Opened {
  store: ReturnType<typeof fsStore>;
  root: string;
  clock: FakeClock;
}

async function open(options: FsStoreOptions = {}, clock = new FakeClock()): Promise<Opened> {
  const root = options.root ?? join(tempDir(), 'jobs');
  const store = fsStore({ durability: 'process', ...options, root, clock });
  onTestFinished(() => store.close());
  await store.open();
  return { store, root, clock };
}

async function complete(store: JobStore, id: string, result = 1): Promise<void> {
  await store.add([{ id, type: id, data: { of: id } }]);
  const [claimed] = await store.claim({ worker: 'w', limit: 1, types: { [id]: 1 }, wait: false });
  await store.settle([{ id, token: claimed?.token as string, outcome: 'completed', result }]);
}

async function fail(store: JobStore, id: string): Promise<void> {
  await store.add([{ id, type: 'a', data: 1 }]);
  await store.change({ change: { action: 'cancel' }, target: { ids: [id] } });
}

/** Resolves when the job has left the store. */
async function untilGone(store: JobStore, id: string): Promise<void> {
  await new Promise<void>((resolve) => {
    void store
      .subscribe({ ids: [id], kinds: ['removed'] }, () => resolve())
      .then(() => store.get([id]))
      .then(([job]) => job ?? resolve());
  });
}

const archived = (root: string, day: string): Job[] =>
  readFileSync(join(root, 'archive', `${day}.ndjson`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Job);

const idsOf = async (store: JobStore): Promise<string[]> => (await store.list()).jobs.map(({ id }) => id);

describe('a finished job past its retention', () => {
  it('goes to the archive of its day after 24 hours, and is nowhere else any more', async () => {
    const { store, root, clock } = await open();
    await complete(store, 'done');
    await fail(store, 'failed');
    const [job] = await store.get(['done']);
    await clock.advance(24 * HOUR - 2 * MINUTE);
    await store.tidy();
    expect(await idsOf(store)).toEqual(['done', 'failed']);
    expect(existsSync(join(root, 'completed', 'done.json'))).toBe(true);
    expect(readdirSync(join(root, 'archive'))).toEqual([]);

    const gone = untilGone(store, 'done');
    await clock.advance(4 * MINUTE);
    await gone;
    await store.tidy();
    expect(archived(root, '2025-01-30')).toEqual([job]);
    expect(readdirSync(join(root, 'completed'))).toEqual([]);
    // Failed ones stay for a week, for people to look at.
    expect(await idsOf(store)).toEqual(['failed']);
    expect((await store.counts()).completed).toBe(0);
    const failedGone = untilGone(store, 'failed');
    await clock.advance(6 * 24 * HOUR);
    await failedGone;
    expect(archived(root, '2025-01-30').map(({ id }) => id)).toEqual(['done', 'failed']);
  });

  it('goes early when there are too many: the one that finished first', async () => {
    const { store, root, clock } = await open({ retention: { completed: { count: 2 } } });
    await store.add(['c', 'b', 'a'].map((type) => ({ id: type, type, data: 1 })));
    for (const type of ['a', 'b', 'c']) {
      const [claimed] = await store.claim({ worker: 'w', limit: 1, types: { [type]: 1 }, wait: false });
      await store.settle([{ id: type, token: claimed?.token as string, outcome: 'completed' }]);
    }
    const gone = untilGone(store, 'a');
    await clock.advance(1_000);
    await gone;
    expect((await idsOf(store)).sort()).toEqual(['b', 'c']);
    expect(archived(root, '2025-01-30').map(({ id }) => id)).toEqual(['a']);
  });

  it('goes with its owner, also when a client left just before', async () => {
    const { store, root, clock } = await open({ retention: { failed: { count: 2 } } });
    for (const id of ['a', 'b', 'c']) await fail(store, id);
    const client = fsStore({ root, clock, durability: 'process' });
    await client.open();
    // There is nobody who would go on with it.
    await client.close();
    await store.close();
    expect(archived(root, '2025-01-30').map(({ id }) => id)).toEqual(['a']);
    expect((await doctor({ root })).findings).toEqual([]);
  });

  it('has its file until the next opening, when it became one too many by the close', async () => {
    const { store, root } = await open({ retention: { failed: { count: 2 } } });
    for (const id of ['a', 'b']) await fail(store, id);
    await store.add([{ id: 'c', type: 'a', data: 1 }]);
    await store.claim({ worker: 'w', limit: 1, wait: true });
    await store.change({ change: { action: 'cancel' }, target: { ids: ['c'] } });
    // Its handler never stops, so this ends it.
    await store.close();
    expect(readdirSync(join(root, 'failed')).sort()).toEqual(['a.json', 'b.json', 'c.json']);
    expect((await doctor({ root })).findings).toEqual([]);
  });

  it('goes when their bytes are too many', async () => {
    const { store, clock } = await open({ retention: { failed: { bytes: 1_000 } } });
    await store.add([1, 2, 3].map((i) => ({ id: `f${i}`, type: 'a', data: 'x'.repeat(400) })));
    await store.change({ change: { action: 'cancel' }, target: { ids: ['f1', 'f2', 'f3'] } });
    const gone = untilGone(store, 'f1');
    await clock.advance(1_000);
    await gone;
    expect(await idsOf(store)).toEqual(['f2', 'f3']);
  });

  it('stays when the archive cannot take it, and goes when it can again', async () => {
    const files = faultyFiles();
    const errors: unknown[] = [];
    const { store, root, clock } = await open({ files, onError: (error) => errors.push(error) });
    await complete(store, 'done');
    files.plan = (call, args) =>
      call === 'openSync' && String(args[0]).includes(join(root, 'archive')) ? 'ENOSPC' : undefined;
    await clock.advance(24 * HOUR + MINUTE);
    expect(await idsOf(store)).toEqual(['done']);
    expect(errors.map((error) => (error as { code?: string }).code)).toContain('ENOSPC');
    files.plan = undefined;
    const gone = untilGone(store, 'done');
    await clock.advance(2 * MINUTE);
    await gone;
    expect(archived(root, '2025-01-30').map(({ id }) => id)).toEqual(['done']);
  });

  it.each(['power', 'process'] as const)('is on the device before it leaves the store (%s)', async (durability) => {
    const files = faultyFiles();
    const { store, clock } = await open({ files, durability, retention: { completed: { count: 0 } } });
    const gone = untilGone(store, 'done');
    await complete(store, 'done');
    await clock.advance(1_000);
    await gone;
    const steps = files.calls.flatMap(({ call, args }) => {
      if (call === 'openSync' && String(args[0]).endsWith('.ndjson') && String(args[0]).includes('archive'))
        return ['archive'];
      if (call === 'fsync') return ['sync'];
      return call === 'writeSync' && String(args[1]).includes('"why":"archived"') ? ['remove'] : [];
    });
    expect(steps.slice(steps.lastIndexOf('archive'))).toEqual(['archive', 'sync', 'remove']);
  });

  it('is not lost when the process dies after it was archived and before it left', async () => {
    const clock = new FakeClock();
    const root = join(tempDir(), 'jobs');
    const dying = { now: false };
    const journals = new Set<number>();
    // From the moment when the archive has the job nothing reaches the disk any more, as if the process were gone.
    const files = faultyFiles(
      (call, args) => {
        if (call === 'openSync' && String(args[0]).includes(join(root, 'archive', '2025')) && args[1] === 'create')
          dying.now = true;
        const isJournal = call === 'writeSync' && dying.now && journals.has(args[0] as number);
        return isJournal ? 'EIO' : undefined;
      },
      {
        ...nodeFiles,
        openSync: (path, mode) => {
          const fd = nodeFiles.openSync(path, mode);
          if (path.includes(join(root, 'journal'))) journals.add(fd);
          else journals.delete(fd);
          return fd;
        },
      },
    );
    const first = await open({ root, files }, clock);
    await complete(first.store, 'done');
    await first.store.tidy();
    await clock.advance(24 * HOUR + MINUTE / 2);
    expect(dying.now).toBe(true);
    expect(archived(root, '2025-01-30').map(({ id }) => id)).toEqual(['done']);
    expect(await idsOf(first.store)).toEqual(['done']);
    await first.store.close().catch(() => {});

    const { store } = await open({ root }, clock);
    expect(await idsOf(store)).toEqual(['done']);
    const gone = untilGone(store, 'done');
    await clock.advance(2 * MINUTE);
    await gone;
    await store.tidy();
    expect(readdirSync(join(root, 'completed'))).toEqual([]);
    // Twice, as the same revision: readers of the archive can tell.
    const lines = archived(root, '2025-01-30');
    expect(lines.map(({ id, rev }) => ({ id, rev }))).toEqual([
      { id: 'done', rev: lines[0]?.rev },
      { id: 'done', rev: lines[0]?.rev },
    ]);
    await store.close();
    expect((await doctor({ root })).findings).toEqual([]);
  });

  it('leaves its folder at the next start, when the process died after it left the store', async () => {
    const clock = new FakeClock();
    const root = join(tempDir(), 'jobs');
    const files = faultyFiles((call, args) =>
      call === 'unlinkSync' && String(args[0]).includes(join(root, 'completed')) ? 'EIO' : undefined,
    );
    const first = await open({ root, files }, clock);
    await complete(first.store, 'done');
    await first.store.tidy();
    const gone = untilGone(first.store, 'done');
    await clock.advance(24 * HOUR + MINUTE);
    await gone;
    await first.store.close();
    expect(readdirSync(join(root, 'completed'))).toEqual(['done.json']);

    const { store } = await open({ root }, clock);
    await store.tidy();
    expect(await idsOf(store)).toEqual([]);
    expect(readdirSync(join(root, 'completed'))).toEqual([]);
    expect(archived(root, '2025-01-30')).toHaveLength(1);
  });
});

describe('a job of a hundred megabytes', () => {
  it('is refused with an error that says what to do, and nothing is written', async () => {
    const { store, root } = await open();
    await store.add([{ id: 'small', type: 'a', data: 1 }]);
    await store.tidy();
    const sizes = (): number[] =>
      readdirSync(join(root, 'journal')).map((name) => nodeFiles.lstatSync(join(root, 'journal', name)).size);
    const before = sizes();
    const data = 'x'.repeat(100_000_000);
    const adding = store.add([
      { id: 'beside', type: 'a', data: 1 },
      { id: 'large', type: 'a', data },
    ]);
    const error = await adding.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JobTooLargeError);
    expect(error).toMatchObject({ code: 'TOO_LARGE', message: expect.stringContaining('path') });
    expect(sizes()).toEqual(before);
    expect(await idsOf(store)).toEqual(['small']);
    expect(readdirSync(join(root, 'pending'))).toEqual(['small.json']);
  });
});
