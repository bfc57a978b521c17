import { dataOf, Entry, resultOf } from '@leviathan/core/engine';
import { describe, expect, it } from 'vitest';
import { BodyCache } from './bodies';
import { nodeFiles } from './files';
import { writeSnapshot } from './snapshot-write';
import { openHost } from './testing/journal-host';
import { randomFrom, testSeed } from './testing/random';
import { tempDir } from './testing/temp-dir';

/** Twenty-five times the memory that they may take. */
const LARGE = 100;

/** A disk of texts that tells what is read of it. */
function setUp(limit: number) {
  const disk = new Map<number, string>();
  const reads: number[] = [];
  const cache = new BodyCache((_file, offset) => {
    reads.push(offset);
    return disk.get(offset) as string;
  }, limit);
  const put = (text: string): [file: string, offset: number, length: number] => {
    const offset = disk.size;
    disk.set(offset, text);
    return ['journal', offset, text.length];
  };
  const add = (text: string): Entry => {
    const head = { id: `j${disk.size}`, type: 'a', priority: 5, maxAttempts: 3, maxCrashes: 3 };
    const entry = new Entry(head.id, 'a', disk.size + 1, 0, head);
    entry.data = text;
    cache.keepData(entry, ...put(text));
    return entry;
  };
  return { cache, reads, put, add };
}

describe('texts of jobs', () => {
  it('stay in memory as long as there is room', () => {
    const { cache, reads, add } = setUp(10_000);
    const entries = ['"a"', '"b"', '"c"'].map(add);
    expect(entries.map((entry) => dataOf(entry, cache))).toEqual(['"a"', '"b"', '"c"']);
    expect(reads).toEqual([]);
  });

  it('go to the disk in the order in which they came, and are read back equal', () => {
    const { cache, reads, add } = setUp(5 * (1_000 + 128));
    const texts = Array.from({ length: 8 }, (_, i) => `"${String(i).padEnd(998, 'ü')}"`);
    const entries = texts.map(add);
    expect(entries.map(({ data }) => data !== undefined)).toEqual([false, false, false, true, true, true, true, true]);
    expect(entries.map((entry) => dataOf(entry, cache))).toEqual(texts);
    expect(reads).toEqual([0, 1, 2]);
  });

  it('never take more memory than allowed, whatever their sizes', () => {
    const seed = testSeed();
    const random = randomFrom(seed);
    const limit = 50_000;
    const { add } = setUp(limit);
    const entries: Entry[] = [];
    for (let i = 0; i < 30_000; i++) {
      entries.push(add('x'.repeat(random.below(random.below(50) === 0 ? 20_000 : 100))));
      if (i % 500 !== 0) continue;
      const held = entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
      expect(held, `seed ${seed}`).toBeLessThanOrEqual(limit);
    }
  });

  it('larger than all the memory go to the disk at once', () => {
    const { cache, add } = setUp(100);
    const entry = add('"large"'.padEnd(500));
    expect(entry.data).toBeUndefined();
    expect(dataOf(entry, cache)).toBe('"large"'.padEnd(500));
  });

  it('that were edited leave memory by themselves, and not with the older text', () => {
    const { cache, put, add } = setUp(3 * (100 + 128));
    const entry = add('"old"'.padEnd(100));
    entry.data = '"new"'.padEnd(100);
    cache.keepData(entry, ...put(entry.data));
    add('1'.padEnd(100));
    add('2'.padEnd(100));
    expect(entry.data).toBe('"new"'.padEnd(100));
    add('3'.padEnd(100));
    expect(entry.data).toBeUndefined();
    expect(dataOf(entry, cache)).toBe('"new"'.padEnd(100));
  });

  it('hold results as well as data, also equal ones', () => {
    const { cache, put, add } = setUp(2 * (100 + 128));
    const text = '"same"'.padEnd(100);
    const entry = add(text);
    entry.result = text;
    cache.keepResult(entry, ...put(text));
    add('1'.padEnd(100));
    expect([entry.data, entry.result]).toEqual([undefined, text]);
    add('2'.padEnd(100));
    expect([entry.data, entry.result]).toEqual([undefined, undefined]);
    expect([dataOf(entry, cache), resultOf(entry, cache)]).toEqual([text, text]);
  });

  it('a job without a result has none', () => {
    const { cache, add } = setUp(0);
    expect(resultOf(add('1'), cache)).toBeUndefined();
  });
});

describe('a hundred jobs of a megabyte', () => {
  it('take a few megabytes of memory, and come back as they were, also after a snapshot', async () => {
    const dir = tempDir();
    const memoryBytes = 4 << 20;
    const host = await openHost(dir, { memoryBytes });
    const text = (i: number): string => `${i}:${'x'.repeat(1_000_000)}`;
    const held = (): number => [...host.table.entries.values()].reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    for (let i = 0; i < LARGE; i++) {
      await host.store.add([{ id: `j${i}`, type: 'a', data: text(i) }]);
      expect(held()).toBeLessThanOrEqual(memoryBytes);
    }
    const { table, bodies, clock } = host;
    const pause = async (): Promise<void> => {};
    await writeSnapshot({ files: nodeFiles, dir, table, bodies, clock, tombstones: [], pause, synced: pause });
    expect(held()).toBeLessThanOrEqual(memoryBytes);
    for (const i of [0, 1, LARGE >> 1, LARGE - 1]) {
      const [claimed] = await host.store.get([`j${i}`]);
      expect(claimed?.data).toBe(text(i));
    }
    await host.kill();
    const again = await openHost(dir, { memoryBytes });
    expect(again.recovered.snapshot?.jobs).toBe(LARGE);
    expect([...again.table.entries.values()].every(({ data }) => data === undefined)).toBe(true);
    const [first] = await again.store.claim({ worker: 'w', limit: 1, wait: false });
    expect(first?.job.data).toBe(text(0));
  });
});
