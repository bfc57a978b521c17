import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type JobStore, NoHistoryError } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFiles } from './files';
import { type FsStore, fsStore } from './fs-store';
import { JournalPast } from './journal-past';
import type { FsStoreOptions } from './options';
import { tempDir } from './testing/temp-dir';

interface Opened {
  store: FsStore;
  root: string;
  clock: FakeClock;
}

async function open(options: FsStoreOptions = {}): Promise<Opened> {
  const root = join(tempDir(), 'jobs');
  const clock = new FakeClock();
  const store = fsStore({ root, clock, durability: 'process', segmentBytes: 500, ...options });
  onTestFinished(() => store.close());
  await store.open();
  return { store, root, clock };
}

/** Some segments' worth of jobs that are added and removed. */
async function churn(store: JobStore, name: string): Promise<void> {
  for (let n = 0; n < 10; n++) await store.add([{ id: `${name}-${n}`, type: 'a', data: 'x'.repeat(60) }]);
  const ids = Array.from({ length: 10 }, (_, n) => `${name}-${n}`);
  await store.change({ change: { action: 'remove' }, target: { ids } });
}

const namesIn = (root: string): string[] => readdirSync(join(root, 'journal'));

const packed = (root: string): string[] => namesIn(root).filter((name) => name.endsWith('.gz'));

describe('the past in the files', () => {
  it('is read through compressed segments and behind snapshots, to the beginning', async () => {
    const { store, root, clock } = await open();
    await store.add([{ id: 'one', type: 'a', data: { n: 1 } }]);
    const then = clock.now();
    await clock.advance(1_000);
    for (const name of ['a', 'b', 'c']) {
      await churn(store, name);
      await store.tidy();
    }
    await store.change({ change: { action: 'reprioritise', priority: 1 }, target: { ids: ['one'] } });
    expect(packed(root).length).toBeGreaterThan(3);
    const { entries, complete, since } = await store.trail('one');
    expect(entries.map(({ op }) => op)).toEqual(['add', 'edit']);
    expect({ complete, seq: since?.seq }).toEqual({ complete: true, seq: 1 });
    const state = await store.stateAt(then, { list: {} });
    expect(state.page?.jobs).toMatchObject([{ id: 'one', priority: 5, data: { n: 1 } }]);
    const a = await store.trail('a-3');
    expect(a.entries.map(({ op }) => op)).toEqual(['add', 'remove']);
  });

  it('begins where the retention of the journal ended, and says so', async () => {
    const { store, root, clock } = await open({ audit: { bytes: 1 } });
    await store.add([{ id: 'one', type: 'a', data: { n: 1 } }]);
    const { operation } = await store.change({
      change: { action: 'reprioritise', priority: 3 },
      target: { ids: ['one'] },
    });
    const start = clock.now();
    const times: number[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      await clock.advance(1_000);
      await churn(store, name);
      await store.tidy();
      times.push(clock.now());
    }
    await clock.advance(1_000);
    await store.change({ change: { action: 'cancel' }, target: { ids: ['one'] }, by: 'ada' });
    const [first] = namesIn(root).filter((name) => name.endsWith('.gz') || /^\d+\.ndjson$/.test(name));
    expect(Number.parseInt(first as string, 10)).toBeGreaterThan(1);

    const trail = await store.trail('one');
    expect(trail).toMatchObject({ complete: false, since: { seq: Number.parseInt(first as string, 10) } });
    expect(trail.entries).toMatchObject([{ op: 'fail', to: 'failed', reason: 'cancelled', by: 'ada' }]);

    const error = await store.stateAt(start).catch((reason) => reason);
    expect(error).toBeInstanceOf(NoHistoryError);
    const earliest = Date.parse(error.earliest);
    expect(times).toContain(earliest);
    const state = await store.stateAt(earliest, { ids: ['one'] });
    expect(state.jobs).toMatchObject([{ id: 'one', status: 'pending', priority: 3, data: { n: 1 } }]);
    await expect(store.undo({ operation: operation as number })).rejects.toMatchObject({ code: 'NO_OPERATION' });
    expect(await store.undo()).toMatchObject({ changed: 1, ids: ['one'] });
    expect(await store.get(['one'])).toMatchObject([{ status: 'pending', data: { n: 1 } }]);
  });

  it('is read by a client from the files, while the owner compresses and removes them', async () => {
    const { store: owner, root, clock } = await open({ audit: { bytes: 2_000 } });
    const client = fsStore({ root, clock, durability: 'process' });
    onTestFinished(() => client.close());
    await client.add([{ id: 'one', type: 'a', data: null }]);
    let working = true;
    const work = (async () => {
      for (let round = 0; round < 6; round++) {
        await churn(owner, `r${round}`);
        await owner.change({ change: { action: 'edit', patch: { data: round } }, target: { ids: ['one'] } });
        await owner.tidy();
      }
      working = false;
    })();
    let reads = 0;
    for (; working; reads++) {
      const { entries } = await client.trail('one');
      const numbers = entries.map(({ seq }) => seq);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
    await work;
    expect(reads).toBeGreaterThan(3);
    expect((await client.trail('one')).entries.at(-1)?.changes).toMatchObject({ data: { to: 5 } });
  });

  it('gives of other jobs what tells that they are others, and of the asked for ones all', async () => {
    const { store, root } = await open();
    const ids = ['one', 'n', 'two'];
    await store.add(ids.map((id) => ({ id, type: 'a', data: { of: id }, tags: ['t'] })));
    await store.change({ change: { action: 'cancel' }, target: { ids } });
    await store.change({ change: { action: 'remove' }, target: { ids: ['two'] } });
    const past = new JournalPast(nodeFiles, join(root, 'journal'));
    const all = [];
    for await (const records of past.records(1)) all.push(...records);
    for (const about of [new Set(['one']), new Set(['two', 'n']), new Set<string>()]) {
      const some = [];
      for await (const records of past.records(1, about)) some.push(...records);
      const wanted = all.filter((record) =>
        about.has(record.op === 'add' ? record.job.id : 'id' in record ? record.id : ''),
      );
      expect(some).toEqual(wanted);
    }
    past.close();
  });
});
