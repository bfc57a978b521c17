import { describe, expect, it } from 'vitest';
import { StoreError, StoreWriteError } from '../errors';
import { FakeClock } from '../testing/fake-clock';
import { type CommitLog, noLog } from './committer';
import { ENGINE_FEATURES } from './engine-features';
import { EngineStore } from './engine-store';
import type { Entry } from './entry';
import { DEFAULT_RETENTION } from './retention';

function storeOf(log: CommitLog, read: () => string, clock = new FakeClock()): EngineStore {
  return new EngineStore({
    capabilities: {
      name: 'test',
      persistent: false,
      durability: 'none',
      shared: false,
      ...ENGINE_FEATURES,
      audit: false,
    },
    log,
    bodies: { read },
    retention: DEFAULT_RETENTION,
    clock,
  });
}

/** The data of the job is not in memory any more. */
function moveToDisk(entry: Entry | undefined): void {
  if (!entry) throw new Error('There is no such job.');
  entry.data = undefined;
  entry.setDataPlace('journal', 0, 4);
}

it('gives no job to a waiting claim that failed: nobody would run it', async () => {
  let full = false;
  const log: CommitLog = {
    write: () => {
      if (full) throw new StoreWriteError('no room', undefined);
    },
    synced: () => undefined,
  };
  const store = storeOf(log, () => 'null');
  const stop = new AbortController();
  const other = store.claim({ worker: 'other', limit: 1, types: { b: 1 }, wait: true }, { signal: stop.signal });
  await store.add([{ type: 'a', data: null, id: 'job' }]);
  const claim = { worker: 'w', limit: 1, types: { a: 1 } };

  full = true;
  await expect(store.claim({ ...claim, wait: true })).rejects.toThrow(StoreWriteError);
  full = false;
  // Any change makes the store look at who waits.
  await store.pause(true, { type: 'b' });
  expect((await store.claim({ ...claim, wait: false })).map(({ job }) => job.id)).toEqual(['job']);
  stop.abort();
  expect(await other).toEqual([]);
  await store.close();
});

describe('a job whose data cannot be read', () => {
  const claim = { worker: 'w', limit: 1, wait: false };
  const ids = (claimed: { job: { id: string } }[]): string[] => claimed.map(({ job }) => job.id);

  /** Of two jobs the first one is not in memory, and reading it throws what is thrown here. */
  async function withLost(fault: () => Error) {
    const clock = new FakeClock();
    let isLost = true;
    const read = (): string => {
      if (isLost) throw fault();
      return '"found"';
    };
    const store = storeOf(noLog, read, clock);
    await store.add(['lost', 'next'].map((id) => ({ id, type: 'a', data: id, maxAttempts: 2 })));
    moveToDisk(store.table.entries.get('lost'));
    const find = (): void => {
      isLost = false;
    };
    return { store, clock, find };
  }

  it('waits without an attempt spent while the disk refuses, and lets those behind it pass', async () => {
    const { store, clock, find } = await withLost(
      () => new StoreError('UNREADABLE', 'no', { cause: new Error('EMFILE') }),
    );
    expect(ids(await store.claim(claim))).toEqual(['next']);
    expect(await store.counts()).toMatchObject({ active: 1, waiting: { scheduled: 1 } });
    find();
    const waiting = store.claim({ ...claim, wait: true });
    await clock.advance(5_000);
    expect(await waiting).toMatchObject([{ job: { id: 'lost', data: 'found', attempt: 1 } }]);
    await store.close();
  });

  it('fails when it is not there, after its attempts, with that cause', async () => {
    const { store, clock, find } = await withLost(() => new StoreError('UNREADABLE', 'gone'));
    expect(ids(await store.claim(claim))).toEqual(['next']);
    await clock.advance(5_000);
    expect(await store.claim(claim)).toEqual([]);
    expect(await store.counts()).toMatchObject({ active: 1, pending: 0, failed: 1 });
    find();
    expect(await store.get(['lost'])).toMatchObject([
      { reason: 'error', metadata: { errors: [{}, { code: 'UNREADABLE' }] } },
    ]);
    await store.close();
  });

  it('fails as soon as the next attempt would start too late', async () => {
    const { store, clock } = await withLost(() => new StoreError('UNREADABLE', 'gone'));
    const backoff = { type: 'fixed' as const, delay: 1_000 };
    await store.add([{ id: 'bounded', type: 'b', data: null, backoff, retryFor: 1_500 }]);
    moveToDisk(store.table.entries.get('bounded'));
    const ofIt = { ...claim, types: { b: 1 } };
    await store.claim(ofIt);
    expect(await store.counts()).toMatchObject({ failed: 0, waiting: { scheduled: 1 } });
    await clock.advance(1_000);
    await store.claim(ofIt);
    expect(await store.counts()).toMatchObject({ failed: 1 });
    expect(store.table.entries.get('bounded')).toMatchObject({
      status: 'failed',
      run: { attempt: 2, reason: 'error' },
    });
    await store.close();
  });

  it('of many keeps a claim for a moment only', async () => {
    const { store } = await withLost(() => new StoreError('UNREADABLE', 'no', { cause: new Error('EIO') }));
    await store.add(Array.from({ length: 100 }, (_, n) => ({ id: `more-${n}`, type: 'b', data: n })));
    for (const entry of store.table.entries.values()) moveToDisk(entry);
    expect(await store.claim(claim)).toEqual([]);
    expect((await store.counts()).waiting).toMatchObject({ scheduled: 10, ready: 92 });
    await store.close();
  });
});
