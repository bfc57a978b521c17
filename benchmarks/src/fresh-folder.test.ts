import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FreshFolders } from './fresh-folder';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'leviathan-bench-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('each folder is another one, and empty: the ones that were only tried are gone', async () => {
  const folders = await FreshFolders.below(root);
  const [one, other] = [await folders.make(), await folders.make()];
  expect(one).not.toBe(other);
  expect([readdirSync(one), readdirSync(other)]).toEqual([[], []]);
  expect(readdirSync(dirname(one)).length).toBe(2);
});

test('nothing is left in the end', async () => {
  const folders = await FreshFolders.below(root);
  const first = await folders.make();
  writeFileSync(join(first, 'a'), '');
  await folders.remove(first);
  await folders.make();
  await folders.removeAll();
  expect(readdirSync(root)).toEqual([]);
});
