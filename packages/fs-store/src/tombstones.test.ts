import { describe, expect, it } from 'vitest';
import { Tombstones } from './tombstones';

/** Syncs end when the test says so. */
function setUp() {
  const syncs: { end(): void; fail(error: Error): void }[] = [];
  const tombstones = new Tombstones(
    () => new Promise((resolve, reject) => syncs.push({ end: () => resolve(), fail: reject })),
  );
  return { tombstones, syncs, ids: () => [...tombstones.ids()].sort() };
}

describe('tombstones', () => {
  it('stand until the file is gone, and that is on the device', async () => {
    const { tombstones, syncs, ids } = setUp();
    tombstones.add('a');
    tombstones.add('b');
    tombstones.unlinked('a');
    expect(ids()).toEqual(['a', 'b']);
    const settled = tombstones.settle();
    expect(ids()).toEqual(['a', 'b']);
    syncs[0]?.end();
    await settled;
    expect(ids()).toEqual(['b']);
  });

  it('are not covered by a sync that began before their file went', async () => {
    const { tombstones, syncs, ids } = setUp();
    tombstones.unlinked('a');
    const settled = tombstones.settle();
    tombstones.unlinked('b');
    expect(tombstones.settle()).toBe(settled);
    syncs[0]?.end();
    await settled;
    expect(ids()).toEqual(['b']);
    expect(tombstones.waiting).toBe(1);
  });

  it('stay when the sync fails', async () => {
    const { tombstones, syncs, ids } = setUp();
    tombstones.unlinked('a');
    const settled = tombstones.settle();
    syncs[0]?.fail(new Error('EIO'));
    await expect(settled).rejects.toThrow('EIO');
    expect(ids()).toEqual(['a']);
    const again = tombstones.settle();
    syncs[1]?.end();
    await again;
    expect(ids()).toEqual([]);
  });

  it('of an id that is added again are void', () => {
    const { tombstones, ids } = setUp();
    tombstones.add('a');
    tombstones.unlinked('b');
    for (const id of ['a', 'b']) tombstones.delete(id);
    expect(ids()).toEqual([]);
  });

  it('cost no sync when there are none', async () => {
    const { tombstones, syncs } = setUp();
    tombstones.add('a');
    await tombstones.settle();
    expect(syncs).toEqual([]);
  });
});
