import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../memory-store';
import type { AddResult } from '../store';

/** The same call, once and again, as by a client that lost the answer. */
async function twice(store: MemoryStore, unique: 'merge' | 'rerun', data: number[]): Promise<AddResult[][]> {
  const call = (isRepeated: boolean) =>
    store.add([{ type: 'a', key: 'k', data, unique }], { ids: [`chosen-${data}`], isRepeated });
  return [await call(false), await call(true)];
}

describe('an add that comes again', () => {
  it('is merged once', async () => {
    const store = new MemoryStore();
    await store.add([{ type: 'a', key: 'k', data: [1] }]);
    const [first, second] = await twice(store, 'merge', [2]);
    expect(second).toEqual(first);
    expect((await store.list()).jobs.map((job) => job.data)).toEqual([[1, 2]]);
    await store.close();
  });

  it('runs no job once more that took up its data and has started since', async () => {
    const store = new MemoryStore();
    await store.add([{ type: 'a', key: 'k', data: [1] }]);
    const call = (isRepeated: boolean) =>
      store.add([{ type: 'a', key: 'k', data: [2], unique: 'rerun' }], { ids: ['chosen'], isRepeated });
    const first = await call(false);
    await store.claim({ worker: 'w', limit: 1, wait: false });
    expect(await call(true)).toEqual(first);
    expect((await store.list()).jobs).toHaveLength(1);
    await store.close();
  });
});
