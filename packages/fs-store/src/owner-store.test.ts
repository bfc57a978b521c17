import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClaimedJob, type JobStore, StoreError } from '@leviathan/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { doctor } from './doctor';
import { type FsStore, fsStore } from './fs-store';
import type { FsStoreOptions } from './options';
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
