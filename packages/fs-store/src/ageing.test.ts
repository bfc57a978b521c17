import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeClock } from '@leviathan/core/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type FsStore, fsStore } from './fs-store';
import { eventually } from './testing/eventually';
import { tempDir } from './testing/temp-dir';

async function open(root: string, clock: FakeClock): Promise<FsStore> {
  const store = fsStore({ root, clock, durability: 'process' });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

it('steps of ageing that a crash took, at any byte, are made up for to the same end', async () => {
  const root = join(tempDir(), 'jobs');
  const clock = new FakeClock();
  const store = await open(root, clock);
  await store.add([{ id: 'old', type: 'a', data: null, priority: 9, ageing: 1_000 }]);
  const journal = join(root, 'journal');
  const [segment = ''] = readdirSync(journal).filter((name) => name.endsWith('.ndjson'));
  const added = readFileSync(join(journal, segment)).length;
  await clock.advance(2_000);
  await clock.jump(2_500);
  await clock.advance(1_000);
  const [whole] = await store.get(['old']);
  expect(whole).toMatchObject({ priority: 4, rev: 5 });

  const bytes = readFileSync(join(journal, segment));
  const lines = bytes.toString().split('\n').length - bytes.subarray(0, added).toString().split('\n').length;
  expect(lines).toBe(4);
  for (let end = added; end <= bytes.length; end++) {
    // What a crash leaves between two records is the same wherever it cut the line.
    if (end % 61 !== 0 && bytes[end] !== 10 && bytes[end - 1] !== 10) continue;
    const copy = join(tempDir(), 'jobs');
    mkdirSync(join(copy, 'journal'), { recursive: true });
    writeFileSync(join(copy, 'journal', segment), bytes.subarray(0, end));
    const next = await open(copy, clock);
    const job = async () => (await next.get(['old']))[0];
    await eventually(`it is as before the cut at ${end}`, async () => (await job())?.priority === 4);
    expect(await job(), `cut at ${end}`).toMatchObject({ agedAt: whole?.agedAt });
    await next.close();
  }
});

it('a step shows in the file of the job', async () => {
  const root = join(tempDir(), 'jobs');
  const clock = new FakeClock();
  const store = await open(root, clock);
  await store.add([{ id: 'old', type: 'a', data: null, priority: 9, ageing: 1_000 }]);
  await clock.advance(1_000);
  const agedAt = new Date(clock.now()).toISOString();
  // Not before it is known what a person did to the files.
  await eventually('it aged', async () => (await store.get(['old']))[0]?.priority === 8);
  await store.close();
  const shown = JSON.parse(readFileSync(join(root, 'pending', 'old.json'), 'utf8')) as object;
  expect(shown).toMatchObject({ priority: 8, ageing: 1_000, agedAt });
});

it('what a person did to the file while no program had the store open comes before the steps that are due', async () => {
  const root = join(tempDir(), 'jobs');
  const clock = new FakeClock();
  const store = await open(root, clock);
  await store.add([{ id: 'old', type: 'a', data: 'new', priority: 9, ageing: 1_000 }]);
  await store.close();
  await clock.advance(3_000);
  const path = join(root, 'pending', 'old.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"data": "new"', '"data": "by hand"'));
  const next = await open(root, clock);
  await eventually('it has aged', async () => (await next.get(['old']))[0]?.priority === 6);
  expect((await next.get(['old']))[0]).toMatchObject({ data: 'by hand', rev: 3 });
});
