import { lstatSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fsStore } from './fs-store';
import { eventually } from './testing/eventually';
import { tempDir } from './testing/temp-dir';

/** What others than the user may do anything with. */
function exposed(path: string): string[] {
  const stats = lstatSync(path);
  const wanted = stats.isDirectory() ? 0o700 : 0o600;
  const found = (stats.mode & 0o777) === wanted ? [] : [`${path} ${(stats.mode & 0o777).toString(8)}`];
  if (!stats.isDirectory()) return found;
  return [...found, ...readdirSync(path).flatMap((name) => exposed(join(path, name)))];
}

it.each([0o022, 0])("everything that a busy store writes is its user's alone, under umask %o", async (mask) => {
  const before = process.umask(mask);
  onTestFinished(() => void process.umask(before));
  const dir = tempDir();
  const root = join(dir, 'deep', 'jobs');
  // Small files, so that there is one of every kind: sealed and compressed segments, snapshots, archived jobs.
  const store = fsStore({ root, segmentBytes: 4_000, snapshotBytes: 10_000, retention: { completed: { count: 10 } } });
  const client = fsStore({ root });
  await store.open();
  await client.open();
  for (let round = 0; round < 10; round++) {
    await client.add(Array.from({ length: 10 }, (_, i) => ({ type: 'a', data: { text: 'x'.repeat(100), round, i } })));
    const claimed = await client.claim({ worker: 'w', limit: 9, wait: true });
    await client.settle(claimed.map(({ job, token }) => ({ id: job.id, token, outcome: 'completed', result: round })));
    const [one] = await store.claim({ worker: 'v', limit: 1, wait: true });
    const error = { name: 'Error', message: 'no' };
    await store.settle([{ id: one?.job.id ?? '', token: one?.token ?? '', outcome: 'failed', reason: 'error', error }]);
    if (round === 5) await store.tidy();
  }
  await client.add([{ type: 'b', data: 1, id: 'kept' }]);
  await client.claim({ worker: 'w', limit: 1, wait: true });
  await store.tidy();
  const put = (folder: string, name: string, text: string): void => {
    mkdirSync(join(dir, 'outside'), { recursive: true });
    writeFileSync(join(dir, 'outside', name), text, { mode: 0o644 });
    renameSync(join(dir, 'outside', name), join(root, folder, name));
  };
  // What others drop is taken in or put away, in both cases as a file of the store's own.
  put('inbox', 'good.json', '{"type":"c","data":1,"id":"dropped"}');
  put('inbox', 'bad.json', '[]');
  put('pending', 'strange.json', '[]');
  await eventually('all of it is taken in', async () => {
    const left = [...readdirSync(join(root, 'inbox')), ...readdirSync(join(root, 'pending'))];
    return (
      !left.some((name) => ['good.json', 'bad.json', 'strange.json'].includes(name)) && left.includes('dropped.json')
    );
  });
  const kinds = readdirSync(join(root, 'journal'));
  expect(kinds.some((name) => name.endsWith('.gz'))).toBe(true);
  expect(kinds.some((name) => name.startsWith('snapshot-'))).toBe(true);
  expect(kinds).toContain('reserve');
  await eventually('old jobs are archived', () => readdirSync(join(root, 'archive')).length > 0);
  expect(readdirSync(join(root, 'quarantine')).length).toBeGreaterThanOrEqual(4);
  expect(readdirSync(root)).toEqual(expect.arrayContaining([expect.stringMatching(/^owner-.*\.sock$/), 'owner.json']));
  expect(exposed(join(dir, 'deep'))).toEqual([]);
  await client.close();
  await store.close();
  expect(exposed(join(dir, 'deep'))).toEqual([]);
});
