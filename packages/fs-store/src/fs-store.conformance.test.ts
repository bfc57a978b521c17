import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobStore } from '@leviathan/core';
import { FakeClock, type StoreUnderTest, storeSuite } from '@leviathan/core/testing';
import { fsStore } from './fs-store';

/** Each close writes the files of all its jobs: on a busy machine that may take a while. */
const PATIENCE = 20_000;

/** `client`: the store under test is not the owner, but works through one that only serves. */
function under(role: 'owner' | 'client', durability: 'power' | 'process'): () => Promise<StoreUnderTest> {
  return async () => {
    const root = mkdtempSync(join(realpathSync(tmpdir()), 'leviathan-fs-'));
    const clock = new FakeClock();
    const open: JobStore[] = [];
    const another = async (): Promise<JobStore> => {
      const store = fsStore({ root, clock, durability });
      open.push(store);
      await store.open();
      return store;
    };
    if (role === 'client') await another();
    const store = await another();
    return {
      store,
      clock,
      second: another,
      reopen: async (meanwhile) => {
        // Only when all have closed is the folder opened anew.
        for (const old of open.splice(0).reverse()) await old.close();
        await meanwhile?.();
        return another();
      },
      dispose: async () => {
        for (const old of open.reverse()) await old.close();
        rmSync(root, { recursive: true, force: true });
      },
    };
  };
}

storeSuite({ name: 'FsStore, the owner', create: under('owner', 'process'), expectedSkips: [], patience: PATIENCE });

storeSuite({
  name: 'FsStore at durability power',
  create: under('owner', 'power'),
  expectedSkips: [],
  patience: PATIENCE,
});

storeSuite({
  name: 'FsStore, a client of the owner over its socket',
  create: under('client', 'process'),
  expectedSkips: [],
  patience: PATIENCE,
});
