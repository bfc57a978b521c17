import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { filesBelow, hashFiles, hashStats, readStamp, writeStamp } from './stamp.mjs';

/** @type {string} */
let folder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leviathan-stamp-'));
  await writeFile(join(folder, 'a'), 'one');
  await writeFile(join(folder, 'b'), 'two');
  return () => rm(folder, { recursive: true, force: true });
});

const both = () => [join(folder, 'a'), join(folder, 'b')];

describe('a hash of inputs', () => {
  it('stays while names and contents stay, whatever their order and times', async () => {
    const before = hashFiles(both());
    await utimes(join(folder, 'a'), 1, 1);
    expect(hashFiles(both().reverse())).toBe(before);
  });

  it('changes with a content, a missing file, a moved boundary and the salt', async () => {
    const hashes = new Set([hashFiles(both()), hashFiles(both(), 'node 22')]);
    await writeFile(join(folder, 'a'), 'onet');
    await writeFile(join(folder, 'b'), 'wo');
    hashes.add(hashFiles(both()));
    await rm(join(folder, 'b'));
    hashes.add(hashFiles(both()));
    expect(hashes.size).toBe(4);
  });
});

describe('a hash of outputs', () => {
  it('changes when somebody writes or removes one', async () => {
    const before = hashStats(filesBelow(folder));
    await utimes(join(folder, 'a'), 1, 1);
    const touched = hashStats(filesBelow(folder));
    await rm(join(folder, 'a'));
    expect(new Set([before, touched, hashStats(filesBelow(folder))]).size).toBe(3);
  });
});

it('files are found at every depth, and none in a folder that does not exist', async () => {
  await mkdir(join(folder, 'c', 'd'), { recursive: true });
  await writeFile(join(folder, 'c', 'd', 'e'), '');
  expect(filesBelow(folder).sort()).toEqual([...both(), join(folder, 'c', 'd', 'e')]);
  expect(filesBelow(join(folder, 'none'))).toEqual([]);
});

it('a stamp reads back, and is undefined before it is written', () => {
  const stamp = join(folder, 'deep', 'stamp');
  expect(readStamp(stamp)).toBeUndefined();
  writeStamp(stamp, 'abc');
  expect(readStamp(stamp)).toBe('abc');
});
