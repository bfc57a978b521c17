import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClaimedJob, type JobStore, StoreError } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { doctor } from './doctor';
import { type Files, nodeFiles } from './files';
import { type FsStore, fsStore } from './fs-store';
import { systemHost } from './host';
import type { FsStoreOptions } from './options';
import { eventually } from './testing/eventually';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

async function open(root: string, options: FsStoreOptions = {}): Promise<FsStore> {
  const store = fsStore({ root, durability: 'process', ...options });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

const newRoot = (): string => join(tempDir(), 'jobs');

async function claimOne(store: JobStore, worker: string): Promise<ClaimedJob> {
  const [claimed] = await store.claim({ worker, limit: 1, wait: false });
  return claimed as ClaimedJob;
}

const complete = (store: JobStore, { job, token }: ClaimedJob) =>
  store.settle([{ id: job.id, token, outcome: 'completed' }]);

/** What the newest snapshot says of workers. */
function workersInSnapshot(root: string): string[] {
  const name = readdirSync(join(root, 'journal'))
    .filter((file) => file.startsWith('snapshot'))
    .sort()
    .at(-1) as string;
  return readFileSync(join(root, 'journal', name), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const meta = JSON.parse(line.split('\t')[1] ?? '{}') as { op?: string; worker?: string };
      return meta.op === 'worker' ? [meta.worker as string] : [];
    });
}

describe('a worker of another process', () => {
  it('that was idle when a snapshot was taken keeps the job that it took since, when the owner goes', async () => {
    const root = newRoot();
    const owner = await open(root);
    const client = await open(root);
    await owner.add([1, 2].map((n) => ({ id: `j${n}`, type: 'a', data: n })));
    await complete(client, await claimOne(client, 'w'));
    await owner.tidy();
    const held = await claimOne(client, 'w');
    await owner.close();
    expect((await client.get(['j2']))[0]).toMatchObject({ status: 'active', attempt: 1, worker: 'w' });
    expect(await complete(client, held)).toMatchObject([{ accepted: true, status: 'completed' }]);
    expect((await client.get(['j2']))[0]?.metadata).toMatchObject({ retries: 0, errors: [] });
  });

  it('is forgotten once its process is gone and it holds nothing', async () => {
    const root = newRoot();
    const owner = await open(root);
    const client = await open(root);
    await owner.add([1, 2].map((n) => ({ id: `j${n}`, type: 'a', data: n })));
    await complete(client, await claimOne(client, 'theirs'));
    await complete(owner, await claimOne(owner, 'ours'));
    await owner.tidy();
    expect(workersInSnapshot(root).sort()).toEqual(['ours', 'theirs']);
    await client.close();
    await owner.add([{ id: 'more', type: 'a', data: 1 }]);
    await owner.tidy();
    expect(workersInSnapshot(root)).toEqual(['ours']);
  });
});

describe('a journal that was damaged', () => {
  it('is told once: a new snapshot makes the damage superfluous', async () => {
    const root = newRoot();
    const first = await open(root);
    for (let n = 1; n <= 3; n++) await first.add([{ id: `j${n}`, type: 'a', data: n }]);
    await first.close();
    const segment = join(root, 'journal', '0000000000000001.ndjson');
    const bytes = readFileSync(segment);
    const at = bytes.indexOf('"j2"');
    bytes[at + 1] = 0x78;
    writeFileSync(segment, bytes);

    const told: unknown[] = [];
    const second = await open(root, { onError: (error) => told.push(error) });
    expect(told.every((error) => error instanceof StoreError && error.code === 'JOURNAL')).toBe(true);
    expect(told.map((error) => (error as Error).message).join()).toContain('journal/0000000000000001.ndjson');
    const { status, problems } = await second.health();
    expect({ status, problems }).toMatchObject({ status: 'degraded', problems: [expect.stringContaining('damaged')] });
    await second.close();

    // The job itself was still in its folder.
    const third = await open(root, { onError: (error) => told.push(error) });
    expect(await third.health()).toMatchObject({ status: 'ok', problems: [] });
    expect((await third.list()).jobs.map(({ id }) => id).sort()).toEqual(['j1', 'j2', 'j3']);
    await third.close();
    expect((await doctor({ root })).findings).toEqual([]);
  });
});

describe('a job that was removed', () => {
  it('and whose file cannot be, does not come back by it after a snapshot', async () => {
    const root = newRoot();
    const files = faultyFiles();
    const owner = await open(root, { files });
    await owner.add([1, 2].map((n) => ({ id: `j${n}`, type: 'a', data: n })));
    await owner.tidy();
    files.plan = (call, [path]) => (call === 'unlinkSync' && String(path).endsWith('j1.json') ? 'EROFS' : undefined);
    await owner.change({ change: { action: 'remove' }, target: { ids: ['j1'] } });
    await owner.tidy();
    const copy = newRoot();
    cpSync(root, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    const next = await open(copy);
    await next.tidy();
    expect((await next.list()).jobs.map(({ id }) => id)).toEqual(['j2']);
    expect(readdirSync(join(copy, 'pending'))).toEqual(['j2.json']);
  });
});

/** Syncs take many turns of the event loop. */
const slowDisk: Files = {
  ...nodeFiles,
  fsync: async (fd) => {
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    return nodeFiles.fsync(fd);
  },
  fdatasync: (fd) => slowDisk.fsync(fd),
};

it('gives every job its file before it closes, also one that nobody waited for', async () => {
  const root = newRoot();
  const clock = new FakeClock();
  const store = await open(root, { durability: 'power', files: slowDisk, clock });
  await store.add([{ id: 'late', type: 'a', data: 1, expiresAt: clock.now() + 1_000, deadLetter: 'dead' }]);
  await claimOne(store, 'w');
  await clock.jump(2_000);
  // It expires, and leaves its dead letter, in a commit of its own.
  await store.takeBack(['w'], 'released');
  await store.close();
  expect(readdirSync(join(root, 'failed'))).toEqual(['late.json']);
  expect(readdirSync(join(root, 'pending'))).toHaveLength(1);
  expect((await doctor({ root })).findings).toEqual([]);
});

describe('closing while the disk fails', () => {
  const power = { durability: 'power' } as const;

  it('goes through to the end: nothing stays open, watched or locked, and who closes is told by a typed error', async () => {
    const root = newRoot();
    const files = faultyFiles();
    const store = fsStore({ root, files, ...power, onError: () => {} });
    await store.add([{ id: 'job', type: 'a', data: null }]);
    await claimOne(store, 'w');
    // The release of what is held cannot be written.
    files.plan = (call) => (call === 'writeSync' || call === 'openSync' || call === 'unlinkSync' ? 'EIO' : undefined);
    await expect(store.close()).rejects.toMatchObject({ code: 'WRITE_FAILED', cause: { code: 'EIO' } });
    files.plan = undefined;
    const again = await open(root);
    const [job] = await again.get(['job']);
    expect(job).toMatchObject({ attempt: 1 });
    await eventually('the job is taken back', async () => (await again.get(['job']))[0]?.status === 'pending');
  });

  it.each([
    ['its name', 'unlinkSync', 'owner.json'],
    ['a file that was only read', 'closeSync', undefined],
  ] as const)('is no failure when %s cannot be put away', async (_what, bad, name) => {
    const root = newRoot();
    const files = faultyFiles();
    const store = fsStore({ root, files, ...power, memoryBytes: 0, onError: () => {} });
    await store.add([{ id: 'job', type: 'a', data: 'read from disk' }]);
    await store.get(['job']);
    files.plan = (call, [path]) => (call === bad && (!name || String(path).endsWith(name)) ? 'EIO' : undefined);
    await store.close();
    files.plan = undefined;
    expect(await (await open(root)).get(['job'])).toMatchObject([{ data: 'read from disk' }]);
  });

  it('with a disk that syncs nothing ends for those who wait, too, and nobody is left with an error of no address', async () => {
    const root = newRoot();
    const files = faultyFiles();
    const store = fsStore({ root, files, ...power, onError: () => {} });
    await store.add([{ id: 'job', type: 'a', data: null }]);
    const strays: unknown[] = [];
    const stray = (error: unknown): void => void strays.push(error);
    process.on('unhandledRejection', stray);
    onTestFinished(() => void process.off('unhandledRejection', stray));
    files.plan = (call) => (call === 'fsync' || call === 'fdatasync' ? 'EIO' : undefined);
    await claimOne(store, 'w');
    await expect(store.close()).rejects.toMatchObject({ code: 'WRITE_FAILED' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(strays).toEqual([]);
  });
});

it('a call that waits for a disk that does not sync is told when the store is closed, and the store is closed', async () => {
  const root = newRoot();
  const files = faultyFiles();
  const store = fsStore({ root, files, onError: () => {} });
  await store.add([{ id: 'safe', type: 'a', data: null }]);
  await claimOne(store, 'w');
  files.plan = (call) => (call === 'fsync' || call === 'fdatasync' ? 'EIO' : undefined);
  const waiting = expect(store.add([{ id: 'lost', type: 'a', data: null }])).rejects.toMatchObject({
    code: 'WRITE_FAILED',
  });
  await expect(store.close()).rejects.toMatchObject({ code: 'WRITE_FAILED', cause: { code: 'EIO' } });
  await waiting;
  files.plan = undefined;
  expect(await (await open(root)).get(['safe'])).toMatchObject([{ id: 'safe' }]);
});

it('a snapshot that cannot be written is told by a typed error', async () => {
  const files = faultyFiles();
  const store = await open(newRoot(), { files });
  await store.add([{ type: 'a', data: null }]);
  files.plan = (call, [path]) => (call === 'openSync' && String(path).includes('snapshot') ? 'ENOSPC' : undefined);
  await expect(store.tidy()).rejects.toMatchObject({ code: 'WRITE_FAILED', cause: { code: 'ENOSPC' } });
  files.plan = undefined;
  await store.tidy();
});

it('a scanner that holds a new segment or snapshot for a moment on Windows is waited for', async () => {
  const held = new Map<string, number>();
  const isNew = /\d{16}\.ndjson$/;
  const files = faultyFiles(
    (call, [, to]) => {
      const times = held.get(String(to)) ?? 0;
      held.set(String(to), times + 1);
      return call === 'renameSync' && isNew.test(String(to)) && times < 2 ? 'EPERM' : undefined;
    },
    nodeFiles,
    'win32',
  );
  // A pipe of Windows is no name for a socket here.
  const host = { ...systemHost(nodeFiles, false), listen: async () => ({ close: async () => {} }) };
  const store = await open(newRoot(), { files, host });
  await store.add([{ type: 'a', data: null }]);
  await store.tidy();
  expect([...held.keys()].filter((name) => isNew.test(name))).toHaveLength(2);
});

it('a job whose data cannot be read keeps neither the folders nor the end from the others', async () => {
  const root = newRoot();
  const before = await open(root, { memoryBytes: 0 });
  await before.add(['a', 'b'].map((id) => ({ id, type: 'a', data: `data of ${id}` })));
  await before.close();
  const files = faultyFiles();
  let reads = 0;
  // The first one replays the journal; the others are for texts that stay on disk.
  files.plan = (call, [path, mode]) =>
    call === 'openSync' && mode === 'read' && String(path).endsWith('0001.ndjson') && reads++ > 0
      ? 'EACCES'
      : undefined;
  const errors: unknown[] = [];
  const store = await open(root, { files, onError: (error) => errors.push(error) });
  await store.add([{ id: 'c', type: 'a', data: 'new' }]);
  await eventually('the new job has its file', () => existsSync(join(root, 'pending', 'c.json')));
  expect(errors).toContainEqual(expect.objectContaining({ code: 'FOLDERS' }));
  await expect(store.get(['a'])).rejects.toMatchObject({ code: 'UNREADABLE', cause: { code: 'EACCES' } });
  await store.close();
  const again = await open(root);
  expect(await again.get(['a', 'b', 'c'])).toMatchObject([
    { data: 'data of a' },
    { data: 'data of b' },
    { data: 'new' },
  ]);
});
