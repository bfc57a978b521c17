import { expect, it } from 'vitest';
import { StoreWriteError } from '../errors';
import { FakeClock } from '../testing/fake-clock';
import type { CommitLog } from './committer';
import { EngineStore } from './engine-store';
import { DEFAULT_RETENTION } from './retention';

it('gives no job to a waiting claim that failed: nobody would run it', async () => {
  let full = false;
  const log: CommitLog = {
    write: () => {
      if (full) throw new StoreWriteError('no room', undefined);
    },
    synced: () => undefined,
  };
  const store = new EngineStore({
    capabilities: {
      name: 'test',
      persistent: false,
      durability: 'none',
      shared: false,
      reorder: true,
      dependencies: true,
      textSearch: true,
      resumableEvents: true,
    },
    log,
    bodies: { read: () => 'null' },
    retention: DEFAULT_RETENTION,
    clock: new FakeClock(),
  });
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
