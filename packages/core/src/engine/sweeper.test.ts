import { expect, it, onTestFinished } from 'vitest';
import { MemoryStore } from '../memory-store';
import { FakeClock } from '../testing/fake-clock';
import { noLog } from './committer';
import { EngineStore } from './engine-store';
import type { Entry } from './entry';

const FOREVER = { age: 1e12, count: 1e6, bytes: 1e12 };

/** A store whose archive takes its time. */
async function setUp() {
  const clock = new FakeClock();
  const archived: string[] = [];
  let release = (): void => {};
  const archive = {
    append: (entries: readonly Entry[]) => {
      for (const { id, status, attempt } of entries) archived.push(`${id} ${status} ${attempt}`);
    },
    sync: () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  };
  const { capabilities } = new MemoryStore({ clock });
  const bodies = { read: () => '' };
  const retention = { completed: { ...FOREVER, count: 0 }, failed: { ...FOREVER, count: 0 } };
  const store = new EngineStore({ capabilities, clock, bodies, log: noLog, retention, archive });
  onTestFinished(() => store.close());
  const run = async (outcome: 'completed' | 'failed'): Promise<void> => {
    const [claimed] = await store.claim({ worker: 'w', limit: 1, wait: false });
    const attempt = { id: 'j', token: claimed?.token ?? '' };
    const error = { name: 'Error', message: 'no' };
    await store.settle([
      outcome === 'completed' ? { ...attempt, outcome } : { ...attempt, outcome, error, reason: 'error' },
    ]);
  };
  await store.add([{ id: 'j', type: 'a', data: 1 }]);
  return { store, clock, archived, run, synced: () => release() };
}

it('a job that ran again while it was archived stays until the archive has what became of it', async () => {
  const { store, clock, archived, run, synced } = await setUp();
  await run('failed');
  await clock.advance(10);
  expect(archived).toEqual(['j failed 1']);
  await store.change({ change: { action: 'retry' }, target: { ids: ['j'] } });
  await run('completed');
  synced();
  await clock.settle();
  expect((await store.get(['j']))[0]).toMatchObject({ status: 'completed' });
  // The rest between two rounds is as long as the first one was hard.
  await clock.advance(60_000);
  expect(archived).toEqual(['j failed 1', 'j completed 1']);
  synced();
  await clock.settle();
  expect(await store.get(['j'])).toEqual([null]);
});

it('a job that others depend on stays past its retention until they have ended', async () => {
  const clock = new FakeClock();
  const retention = { completed: { ...FOREVER, count: 1 }, failed: { ...FOREVER, count: 0 } };
  const store = new MemoryStore({ clock, retention });
  onTestFinished(() => store.close());
  const run = async (id: string, outcome: 'completed' | 'failed'): Promise<void> => {
    const [claimed] = await store.claim({ worker: 'w', limit: 1, types: { [id]: 1 }, wait: false });
    const attempt = { id, token: claimed?.token ?? '' };
    const error = { name: 'Error', message: 'no' };
    const [settled] = await store.settle([
      outcome === 'completed' ? { ...attempt, outcome, result: id } : { ...attempt, outcome, error, reason: 'error' },
    ]);
    expect(settled?.accepted).toBe(true);
    await clock.advance(60_000);
  };
  const there = async (...ids: string[]) => (await store.get(ids)).map((job) => job !== null);
  await store.add([
    ...['good', 'bad', 'other', 'last'].map((id) => ({ id, type: id, data: null })),
    { id: 'child', type: 'child', data: null, dependsOn: ['good', 'bad'], onParentFailed: 'continue' },
  ]);
  await run('good', 'completed');
  await run('bad', 'failed');
  await run('other', 'completed');
  await run('last', 'completed');
  // Two are one too many, and of two that nobody needs the older one goes.
  expect(await there('good', 'bad', 'other', 'last')).toEqual([true, true, false, false]);
  await run('child', 'completed');
  expect(await there('good', 'bad', 'child')).toEqual([false, false, true]);
});
