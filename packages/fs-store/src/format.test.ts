import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreError, StoreFormatError } from '@leviathan/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFiles } from './files';
import { prepareRoot } from './format';
import { FsStore } from './fs-store';
import type { FsStoreOptions } from './options';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const STORE_FORMAT = 1;
const NOW = Date.parse('2025-01-30T12:00:00Z');
/** Any user but root: the ids need no entry anywhere. */
const OTHER = 54_321;
const isRoot = process.getuid?.() === 0;

function open(root: string, options: FsStoreOptions = {}): Promise<FsStore> {
  const store = new FsStore({ root, durability: 'process', ...options });
  onTestFinished(() => store.close().catch(() => {}));
  return store.open().then(() => store);
}

/** Everything below a folder: kind, rights, time and content. */
function treeOf(dir: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(dir).sort()) {
    const path = join(dir, name);
    const { mode, mtimeMs } = lstatSync(path);
    const isFolder = lstatSync(path).isDirectory();
    tree[name] = `${mode.toString(8)} ${mtimeMs} ${isFolder ? '' : readFileSync(path, 'base64')}`;
    if (isFolder) for (const [below, what] of Object.entries(treeOf(path))) tree[join(name, below)] = what;
  }
  return tree;
}

/** A closed store with a job in each state that needs no worker. */
async function closedStore(): Promise<string> {
  const root = join(tempDir(), 'jobs');
  const store = await open(root);
  await store.add([
    { id: 'waits', type: 'a', data: 1 },
    { id: 'over', type: 'a', data: 2 },
  ]);
  await store.change({ change: { action: 'cancel' }, target: { ids: ['over'] } });
  await store.close();
  return root;
}

async function refusal(opening: Promise<unknown>): Promise<StoreError> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

describe('store.json', () => {
  it('is written with the folder, for its owner alone', async () => {
    const root = join(tempDir(), 'deep', 'down', 'jobs');
    await prepareRoot(nodeFiles, root, NOW);
    expect(JSON.parse(readFileSync(join(root, 'store.json'), 'utf8'))).toEqual({
      format: STORE_FORMAT,
      created: '2025-01-30T12:00:00.000Z',
    });
    if (process.platform === 'win32') return;
    expect(lstatSync(join(root, 'store.json')).mode & 0o777).toBe(0o600);
    expect(lstatSync(root).mode & 0o777).toBe(0o700);
  });

  it('is there after a power cut, with the root and the folders that were made for it', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const synced = () => files.calls.flatMap(({ call, args }) => (call === 'syncDir' ? [args[0]] : []));
    const root = join(dir, 'deep', 'jobs');
    await prepareRoot(files, root, NOW);
    const way = [join(dir, 'deep'), dir, root];
    expect(synced()).toEqual(expect.arrayContaining(way));
    // Their maker may have died in between.
    nodeFiles.unlinkSync(join(root, 'store.json'));
    files.calls.length = 0;
    await prepareRoot(files, root, NOW);
    expect(synced()).toEqual(expect.arrayContaining(way));
    expect(synced().at(-1), 'store.json comes last').toBe(root);
  });

  it('is written also where the folder above cannot be read, if somebody else made the root in it', async () => {
    const dir = tempDir();
    const files = faultyFiles((call, [path]) => (call === 'syncDir' && path === dir ? 'EACCES' : undefined));
    const root = join(dir, 'jobs');
    // Its own name in that folder could be lost in a power cut, each time it is tried.
    for (let time = 0; time < 2; time++) {
      await expect(prepareRoot(files, root, NOW)).rejects.toMatchObject({ code: 'NOT_WRITABLE' });
      expect(existsSync(root)).toBe(false);
    }
    mkdirSync(root, { mode: 0o700 });
    await prepareRoot(files, root, NOW);
    expect(lstatSync(join(root, 'store.json')).isFile()).toBe(true);
  });

  it('is left as it is afterwards', async () => {
    const root = join(tempDir(), 'jobs');
    await prepareRoot(nodeFiles, root, NOW);
    const before = treeOf(root);
    await prepareRoot(nodeFiles, root, NOW + 1_000);
    expect(treeOf(root)).toEqual(before);
  });

  it.each(['', '{"for', '\0\0\0\0', 'null', '[]', '{}'])(
    'that a crash left as %j is written anew, and the jobs are there',
    async (text) => {
      const root = await closedStore();
      writeFileSync(join(root, 'store.json'), text);
      const store = await open(root);
      expect((await store.list()).jobs.map(({ id }) => id)).toEqual(['waits', 'over']);
      expect(JSON.parse(readFileSync(join(root, 'store.json'), 'utf8')).format).toBe(STORE_FORMAT);
    },
  );

  it('of a newer version is refused, and not one byte is touched', async () => {
    const root = await closedStore();
    writeFileSync(join(root, 'store.json'), JSON.stringify({ format: STORE_FORMAT + 1, created: 'then' }));
    const before = treeOf(root);
    expect(Object.keys(before).length).toBeGreaterThan(10);
    const error = await refusal(open(root));
    expect(error).toBeInstanceOf(StoreFormatError);
    expect(error.code).toBe('FORMAT');
    expect(error.message).toContain(`format ${STORE_FORMAT + 1}`);
    expect(treeOf(root)).toEqual(before);
  });

  it('that is a folder is told', async () => {
    const root = await closedStore();
    const path = join(root, 'store.json');
    nodeFiles.unlinkSync(path);
    mkdirSync(path);
    expect((await refusal(open(root))).code).toBe('OPEN_FAILED');
  });
});

describe('a root', () => {
  it('that is a file is refused', async () => {
    const root = join(tempDir(), 'jobs');
    writeFileSync(root, 'mine');
    const error = await refusal(open(root));
    expect(error.code).toBe('NOT_A_FOLDER');
    expect(error.message).toContain(root);
    expect(readFileSync(root, 'utf8')).toBe('mine');
  });

  it('below a file is refused', async () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, 'mine');
    expect((await refusal(open(join(file, 'jobs')))).code).toBe('NOT_A_FOLDER');
  });

  it('that is a link is refused: what is written below stays below', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'jobs'), 'dir');
    expect((await refusal(open(join(dir, 'jobs')))).code).toBe('NOT_A_FOLDER');
    expect(readdirSync(join(dir, 'elsewhere'))).toEqual([]);
  });

  it('of which one folder is a file is refused', async () => {
    const root = join(tempDir(), 'jobs');
    mkdirSync(root);
    writeFileSync(join(root, 'journal'), 'mine');
    expect((await refusal(open(root))).code).toBe('NOT_A_FOLDER');
    expect(readFileSync(join(root, 'journal'), 'utf8')).toBe('mine');
  });

  it('of another user is refused, and nothing is written', async (context) => {
    context.skip(!isRoot, 'only root can give a folder away');
    const root = await closedStore();
    chownSync(root, OTHER, OTHER);
    const before = treeOf(root);
    const error = await refusal(open(root));
    expect(error.code).toBe('NOT_OWNER');
    expect(error.message).toContain(`uid ${OTHER}`);
    expect(treeOf(root)).toEqual(before);
  });

  it('that this user may not write is refused', async () => {
    const root = join(tempDir(), 'jobs');
    mkdirSync(root);
    const error = await refusal(asUserWithoutRights(root, () => open(root)));
    expect(error.code).toBe('NOT_WRITABLE');
    expect(error.message).toContain(root);
    expect(readdirSync(root)).toEqual([]);
  });

  it('of a store that this user may not write any more is refused, and lets go of what could be had', async () => {
    const root = await closedStore();
    const jobs = () => JSON.stringify(['pending', 'failed'].map((folder) => treeOf(join(root, folder))));
    const before = jobs();
    const error = await refusal(asUserWithoutRights(root, () => open(root)));
    expect(error.code).toBe('NOT_WRITABLE');
    expect(jobs()).toBe(before);
    give(root, process.getuid?.() ?? 0);
    chmodSync(root, 0o700);
    const store = await open(root);
    expect((await store.list()).jobs.map(({ id, status }) => [id, status])).toEqual([
      ['waits', 'pending'],
      ['over', 'failed'],
    ]);
  });

  it.each(['EACCES', 'EPERM', 'EROFS'])('whose file system says %s is not writable', async (code) => {
    const root = join(tempDir(), 'jobs');
    const files = faultyFiles((call, args) =>
      (call === 'openSync' && args[1] !== 'read') || call === 'mkdirSync' ? code : undefined,
    );
    const error = await refusal(open(root, { files }));
    expect(error).toMatchObject({ code: 'NOT_WRITABLE', cause: { code } });
  });

  it('that has no room for its first file can be opened once there is some', async () => {
    const root = join(tempDir(), 'jobs');
    const files = faultyFiles((call) => (call === 'writeSync' ? 'ENOSPC' : undefined));
    expect(await refusal(open(root, { files }))).toMatchObject({ cause: { code: 'ENOSPC' } });
    files.plan = undefined;
    const store = await open(root, { files });
    await store.add([{ id: 'job', type: 'a', data: 1 }]);
    expect((await store.counts()).pending).toBe(1);
  });
});

/** Runs with a root that this user owns and may read, and not write. */
async function asUserWithoutRights<T>(root: string, run: () => Promise<T>): Promise<T> {
  chmodSync(root, 0o500);
  const { seteuid } = process;
  // For root nothing is forbidden: it becomes another user for a while.
  if (isRoot && seteuid) {
    give(root, OTHER);
    chmodSync(join(root, '..'), 0o755);
    seteuid(OTHER);
  }
  try {
    return await run();
  } finally {
    if (isRoot) seteuid?.(0);
  }
}

/** Everything there belongs to another user from now on. */
function give(path: string, uid: number): void {
  chownSync(path, uid, process.getgid?.() ?? 0);
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) give(join(path, name), uid);
}
