import { expect, it, onTestFinished } from 'vitest';
import { StoreWriteError } from '../errors';
import { MemoryStore } from '../memory-store';
import { FakeClock } from '../testing/fake-clock';
import { EngineStore } from './engine-store';
import type { StoreRecord } from './records';
import { DEFAULT_RETENTION } from './retention';

const OLD = { type: 'a', data: null, priority: 8, ageing: 1_000 };

/** A store that says what it writes, and whose disk can be full for edits. */
function setUp() {
  const clock = new FakeClock();
  const written: StoreRecord[] = [];
  const errors: unknown[] = [];
  const disk = { isFull: false };
  const log = {
    write: (records: StoreRecord[]) => {
      if (disk.isFull && records.some(({ op }) => op === 'edit')) throw new StoreWriteError('write', new Error('full'));
      written.push(...records);
    },
    synced: () => undefined,
  };
  const { capabilities } = new MemoryStore({ clock });
  const bodies = { read: () => '' };
  const onError = (error: unknown) => errors.push(error);
  const store = new EngineStore({ capabilities, clock, bodies, log, retention: DEFAULT_RETENTION, onError });
  onTestFinished(() => store.close());
  return { store, clock, written, errors, disk };
}

it('many jobs age in slices, between which others start', async () => {
  const { store, clock } = setUp();
  const left = async () => (await store.list({ filter: { priority: 8 }, limit: 1_000 })).jobs.length;
  await store.add(Array.from({ length: 1_500 }, () => OLD));
  await clock.block(1_000);
  expect(await left()).toBe(500);
  expect(await store.claim({ worker: 'w', limit: 1, wait: false })).toHaveLength(1);
  expect(await left()).toBe(500);
  await clock.advance(1);
  expect(await left()).toBe(0);
});

it('what cannot be written holds up no start, and is tried again', async () => {
  const { store, clock, errors, disk } = setUp();
  await store.add([{ ...OLD, id: 'old' }]);
  const priority = async () => (await store.get(['old']))[0]?.priority;
  await store.pause(true, { type: 'a' });
  disk.isFull = true;
  await clock.advance(1_000);
  expect(errors).toEqual([expect.objectContaining({ code: 'WRITE_FAILED' })]);
  const waiting = store.claim({ worker: 'w', limit: 1, wait: true });
  await store.add([{ type: 'b', data: null }]);
  expect((await waiting).map(({ job }) => job.type)).toEqual(['b']);
  expect(await priority()).toBe(8);
  disk.isFull = false;
  await clock.advance(1_000);
  expect(await priority()).toBe(6);
});

it('a queue in which no job ages sets no alarm and writes no record for it', async () => {
  const { store, clock, written } = setUp();
  await store.add([{ type: 'a', data: null, priority: 8, tags: ['t'] }]);
  const { pending } = clock;
  await store.add([{ ...OLD, priority: 1 }]);
  expect(clock.pending).toBe(pending);
  await store.add([OLD]);
  expect(clock.pending).toBe(pending + 1);
  await store.change({ change: { action: 'cancel' }, target: { filter: { priority: 8 } } });
  await clock.advance(3_600_000);
  expect(written.map(({ op }) => op)).toEqual(['add', 'add', 'add', 'fail', 'fail']);
});
