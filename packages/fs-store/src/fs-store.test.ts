import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type FsStore, fsStore } from './fs-store';
import { eventually } from './testing/eventually';
import { tempDir } from './testing/temp-dir';

it('a client that was idle when its owner left keeps what it claims from the next one, when that leaves, too', async () => {
  const root = join(tempDir(), 'jobs');
  const open = async (): Promise<FsStore> => {
    const store = fsStore({ root });
    onTestFinished(() => store.close());
    await store.open();
    return store;
  };
  const roleOf = async (store: FsStore): Promise<unknown> => (await store.health()).details.role;
  const stores = [await open(), await open(), await open()] as const;
  const [first, ...others] = stores;
  // Each worker is known to the first owner, and holds nothing when that leaves.
  for (const [i, store] of stores.entries())
    expect(await store.claim({ worker: `w${i}`, limit: 1, wait: false })).toEqual([]);
  await first.close();
  let roles: unknown[] = [];
  await eventually('one of them owns the store', async () => {
    roles = await Promise.all(others.map(roleOf));
    return roles.includes('owner') && roles.includes('client');
  });
  const owner = others[roles.indexOf('owner')] as FsStore;
  const client = others[roles.indexOf('client')] as FsStore;
  const worker = `w${stores.indexOf(client)}`;

  await owner.add([{ id: 'job', type: 'a', data: null }]);
  const [claimed] = await client.claim({ worker, limit: 1, wait: true });
  await owner.close();
  await eventually('the client owns the store', async () => (await roleOf(client)) === 'owner');
  const token = claimed?.token ?? '';
  expect(await client.settle([{ id: 'job', token, outcome: 'completed' }])).toEqual([
    { id: 'job', accepted: true, status: 'completed' },
  ]);
  expect((await client.get(['job']))[0]).toMatchObject({ attempt: 1, metadata: { retries: 0 } });
});
