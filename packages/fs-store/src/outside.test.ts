import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@leviathan/core';
import { expect, it, onTestFinished } from 'vitest';
import { type FsStore, fsStore } from './fs-store';
import { eventually } from './testing/eventually';
import { tempDir } from './testing/temp-dir';

/** Knows jobs of type `resize`, whose data has a width. */
async function open(): Promise<FsStore> {
  const store = fsStore({ root: join(tempDir(), 'jobs') });
  onTestFinished(() => store.close());
  store.setValidator({
    types: () => ['resize'],
    validate: async (_type, data) => {
      const { width } = Object(data) as { width?: Json };
      return typeof width === 'number' ? [] : [{ path: ['data', 'width'], message: 'must be a number' }];
    },
  });
  await store.open();
  return store;
}

const reasons = (root: string): string[] =>
  readdirSync(join(root, 'quarantine'))
    .filter((name) => name.endsWith('.reason.json'))
    .map((name) => JSON.parse(readFileSync(join(root, 'quarantine', name), 'utf8')).message as string);

it('refuses an edit by hand that the processor would not understand, and puts the job’s own file back', async () => {
  const store = await open();
  await store.add([{ id: 'one', type: 'resize', data: { width: 10 } }]);
  await store.tidy();
  const file = join(store.root, 'pending', 'one.json');
  const job = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...job, data: { width: 'wide' } }));
  await eventually('the edit is refused', () =>
    reasons(store.root).some((reason) => reason.includes('data.width: must be a number')),
  );
  await eventually(
    'the file is as before',
    () => existsSync(file) && readFileSync(file, 'utf8').includes('"width": 10'),
  );
  expect((await store.get(['one']))[0]?.data).toEqual({ width: 10 });
  writeFileSync(file, JSON.stringify({ ...job, data: { width: 20 } }));
  await eventually(
    'a good edit is made',
    async () => JSON.stringify((await store.get(['one']))[0]?.data) === '{"width":20}',
  );
});

it('adopts a job from a folder only when its data is valid and nobody holds its key', async () => {
  const store = await open();
  await store.add([{ id: 'holder', type: 'resize', data: { width: 1 }, key: 'k' }]);
  const job = (id: string, data: Json, key?: string): string =>
    JSON.stringify({ id, type: 'resize', status: 'pending', data, ...(key && { key }) });
  writeFileSync(join(store.root, 'pending', 'bad.json'), job('bad', {}));
  writeFileSync(join(store.root, 'pending', 'second.json'), job('second', { width: 2 }, 'k'));
  writeFileSync(join(store.root, 'pending', 'good.json'), job('good', { width: 3 }));
  await eventually(
    'all three are answered',
    async () => reasons(store.root).length === 2 && (await store.get(['good']))[0] !== null,
  );
  expect(reasons(store.root).sort()).toEqual(['data.width: must be a number', 'its key is held by holder']);
  expect(await store.get(['bad', 'second'])).toEqual([null, null]);
});
