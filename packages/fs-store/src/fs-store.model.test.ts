import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobStore } from '@leviathan/core';
import { DEFAULT_RETENTION, type Retention } from '@leviathan/core/engine';
import { FakeClock, type StoreUnderTest } from '@leviathan/core/testing';
import { modelSuite, rulesModelSuite } from '@leviathan/core/testing/model';
import * as fc from 'fast-check';
import { doctor } from './doctor';
import { fsStore } from './fs-store';

const MINUTE = 60_000;
const retention = {
  completed: { age: 30 * MINUTE, count: 4, bytes: 1_000 },
  failed: { age: 120 * MINUTE, count: 3, bytes: 1_000 },
};

/** `client`: the store under test is not the owner, but works through one that only serves. */
function under(
  role: 'owner' | 'client',
  durability: 'power' | 'process',
  kept: Retention = retention,
): () => Promise<StoreUnderTest> {
  return async () => {
    const dir = mkdtempSync(join(realpathSync(tmpdir()), 'leviathan-model-'));
    const clock = new FakeClock();
    const open: JobStore[] = [];
    let killed = 0;
    let root = join(dir, 'jobs');
    const another = async (): Promise<JobStore> => {
      const store = fsStore({ root, clock, durability, retention: kept, segmentBytes: 4_096, snapshotBytes: 8_192 });
      open.push(store);
      await store.open();
      return store;
    };
    const start = async (): Promise<JobStore> => {
      if (role === 'client') await another();
      return another();
    };
    const closeAll = async (): Promise<void> => {
      for (const store of open.splice(0).reverse()) await store.close();
    };
    return {
      store: await start(),
      clock,
      second: another,
      reopen: async () => {
        await closeAll();
        return start();
      },
      crash: async () => {
        // What a kill leaves: the files as the kernel has them, and nobody who holds their locks.
        const next = join(dir, `killed-${++killed}`);
        cpSync(root, next, { recursive: true, filter: (path) => !path.endsWith('.sock') });
        await closeAll();
        root = next;
        return start();
      },
      dispose: async () => {
        await closeAll();
        const { findings } = await doctor({ root });
        rmSync(dir, { recursive: true, force: true });
        if (findings.length > 0) throw new Error(`the doctor finds ${JSON.stringify(findings)}`);
      },
    };
  };
}

const patience = 20_000;
modelSuite({ name: 'FsStore, the owner', create: under('owner', 'process'), fc, runs: 40, retention, patience });
modelSuite({ name: 'FsStore at durability power', create: under('owner', 'power'), fc, runs: 30, retention, patience });
modelSuite({ name: 'FsStore, a client', create: under('client', 'process'), fc, runs: 30, retention, patience });
rulesModelSuite({ name: 'FsStore', create: under('owner', 'process', DEFAULT_RETENTION), fc, runs: 40 });
