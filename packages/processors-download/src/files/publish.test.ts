import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { controlPath, PartFile, partPath } from './part';
import { publish, sweep } from './publish';

/** Set to make hard links fail as they do on FAT. */
const fault = vi.hoisted(() => ({ code: '' }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    link: (from: string, to: string) =>
      fault.code === ''
        ? real.link(from, to)
        : Promise.reject(Object.assign(new Error('no links'), { code: fault.code })),
  };
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'publish-'));
  fault.code = '';
});
afterEach(() => rm(folder, { recursive: true }));

async function partOf(name: string): Promise<PartFile> {
  const part = await PartFile.acquire(join(folder, name), { create: true });
  if (!(part instanceof PartFile)) throw new Error('busy');
  await part.handle.write('new');
  await writeFile(controlPath(part.target), '{}');
  return part;
}

const files = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder)).map(async (name) => [name, String(await readFile(join(folder, name)))] as const),
    ),
  );
const nobody = async (): Promise<void> => undefined;

describe.each(['', 'EPERM', 'ENOTSUP'])('publish, hard links failing with %j', (code) => {
  beforeEach(() => {
    fault.code = code;
  });

  it('gives the part its name and leaves nothing else', async () => {
    expect(await publish(await partOf('a.txt'), 'a.txt', 'error', nobody)).toBe(join(folder, 'a.txt'));
    expect(await files()).toEqual({ 'a.txt': 'new' });
  });

  it('adds a number, and announces each free name before it takes it', async () => {
    await writeFile(join(folder, 'a.txt'), 'old');
    await writeFile(join(folder, 'a (1).txt'), 'old');
    const announced: string[] = [];
    const part = await partOf('a.txt');
    await publish(part, 'a.txt', 'rename', async (path) => void announced.push(path));
    expect(await files()).toEqual({ 'a.txt': 'old', 'a (1).txt': 'old', 'a (2).txt': 'new' });
    expect(announced.at(-1)).toBe(join(folder, 'a (2).txt'));
  });

  it('replaces only when told to', async () => {
    await writeFile(join(folder, 'a.txt'), 'old');
    const part = await partOf('a.txt');
    await expect(publish(part, 'a.txt', 'error', nobody)).rejects.toMatchObject({ kind: 'EXISTS' });
    expect(await publish(part, 'a.txt', 'skip', nobody)).toBeUndefined();
    expect((await files())['a.txt']).toBe('old');
    await publish(part, 'a.txt', 'replace', nobody);
    expect(await files()).toEqual({ 'a.txt': 'new' });
  });
});

describe('after a crash between the two steps of a publish', () => {
  it('the same file under both names is taken for published', async () => {
    const part = await partOf('a.txt');
    await link(partPath(part.target), part.target);
    expect(await publish(part, 'a.txt', 'rename', nobody)).toBe(part.target);
    expect(await files()).toEqual({ 'a.txt': 'new' });
  });

  it('what is left beside the file is swept away, but never the part of somebody else', async () => {
    const part = await partOf('a.txt');
    await link(partPath(part.target), part.target);
    await part.close();
    await sweep(part.target, part.target);
    expect(await files()).toEqual({ 'a.txt': 'new' });
    const other = await partOf('a.txt');
    await other.close();
    await sweep(part.target, part.target);
    expect(Object.keys(await files())).toHaveLength(3);
  });
});
