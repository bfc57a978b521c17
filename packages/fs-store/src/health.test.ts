import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { nodeFiles } from './files';
import { type FsStore, fsStore } from './fs-store';
import type { FsStoreOptions } from './options';
import { eventually } from './testing/eventually';
import { faultyFiles } from './testing/faults';
import { ownerPid, prepareStoreProcesses, StoreProcess } from './testing/store-process';
import { tempDir } from './testing/temp-dir';
import { flipIn } from './testing/tree';

prepareStoreProcesses();

const EMPTY = { type: 'a', data: null };

function open(options: FsStoreOptions = {}): FsStore {
  const store = fsStore({ root: join(tempDir(), 'jobs'), ...options });
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

it('is well, and says who owns the store and what there is', async () => {
  const store = open();
  await store.add([EMPTY, EMPTY]);
  const client = open({ root: store.root });
  await client.open();
  const health = {
    status: 'ok',
    problems: [],
    details: { role: 'owner', root: store.root, ownerPid: process.pid, durability: 'power', jobs: 2, clients: 1 },
  };
  expect(await store.health()).toMatchObject(health);
  const details = { ...health.details, role: 'client' };
  expect(await client.health()).toMatchObject({ ...health, details });
});

it('tells each thing that it looked at, to a client as well', async () => {
  const store = open();
  await store.add([EMPTY, EMPTY, EMPTY]);
  await store.claim({ worker: 'w', limit: 2, wait: false });
  const client = open({ root: store.root });
  const { checks } = await client.health();
  expect(checks.map(({ name, status }) => [name, status])).toEqual([
    ['journal', 'ok'],
    ['folders', 'ok'],
    ['disk', 'ok'],
    ['workers', 'ok'],
  ]);
  expect(checks.at(-1)?.facts).toEqual({ workers: 1, busy: 1, running: 2, stuck: 0 });
});

it('is not so well when the disk has little room, and says how much', async () => {
  const files = { ...nodeFiles, statfs: async () => ({ bavail: 3, bsize: 1024 * 1024 }) };
  const store = open({ files, lowDiskBytes: 4 * 1024 * 1024 });
  expect(await store.health()).toMatchObject({ status: 'degraded', problems: ['The disk has only 3 MiB left.'] });
  const roomy = open({ files, lowDiskBytes: 3 * 1024 * 1024 });
  expect((await roomy.health()).checks).toContainEqual({
    name: 'disk',
    status: 'ok',
    message: '3 MiB are free.',
    facts: { freeBytes: 3 * 1024 * 1024, lowBytes: 3 * 1024 * 1024 },
  });
});

it('is well where the file system cannot tell how much room there is', async () => {
  const store = open({ files: faultyFiles((call) => (call === 'statfs' ? 'ENOSYS' : undefined)) });
  const health = await store.health();
  expect(health.status).toBe('ok');
  expect(health.checks).toContainEqual({ name: 'disk', status: 'ok', message: expect.stringContaining('ENOSYS') });
});

it('is bad while the journal cannot be written, and says why', async () => {
  const files = faultyFiles();
  const store = open({ files, onError: () => {} });
  await store.open();
  files.plan = (call) => (call === 'fdatasync' || call === 'fsync' ? 'EIO' : undefined);
  const adding = store.add([EMPTY]);
  await eventually('the journal is broken', async () => (await store.health()).status === 'failed');
  expect((await store.health()).problems).toEqual([expect.stringContaining('EIO')]);
  files.plan = undefined;
  await expect(adding).resolves.toMatchObject([{ added: true }]);
  expect(await store.health()).toMatchObject({ status: 'ok', problems: [] });
});

it('is not so well while the disk is full, and says so', async () => {
  const files = faultyFiles();
  const store = open({ files, onError: () => {} });
  await store.open();
  files.plan = (call) => (call === 'writeSync' || call === 'write' ? 'ENOSPC' : undefined);
  await expect(store.add([EMPTY])).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  expect(await store.health()).toMatchObject({
    status: 'degraded',
    problems: [expect.stringContaining('disk is full')],
  });
  files.plan = undefined;
  await eventually('there is room again', async () => (await store.health()).status === 'ok');
  await store.add([EMPTY]);
});

it('tells that the journal was damaged when it was opened', async () => {
  const root = join(tempDir(), 'jobs');
  const first = open({ root });
  await first.add([{ type: 'a', data: 'of one' }]);
  await first.add([{ type: 'a', data: 'of two' }]);
  await first.close();
  flipIn(join(root, 'journal', '0000000000000001.ndjson'), 'of one');
  const errors: unknown[] = [];
  const store = open({ root, onError: (error) => errors.push(error) });
  await store.open();
  expect(await store.health()).toMatchObject({
    status: 'degraded',
    problems: [expect.stringMatching(/journal was damaged.*leviathan doctor/)],
  });
  expect(errors).toContainEqual(expect.objectContaining({ code: 'JOURNAL' }));
});

it('tells that the folders lag behind', async () => {
  const files = faultyFiles();
  const store = open({ files, onError: () => {} });
  await store.open();
  files.plan = (call, [from]) => (call === 'renameSync' && String(from).includes('/pending/') ? 'EACCES' : undefined);
  await store.add([EMPTY]);
  expect(await store.health()).toMatchObject({ status: 'ok' });
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 6_000);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(await store.health()).toMatchObject({
    status: 'degraded',
    problems: [expect.stringMatching(/folders lag \d+ s behind/)],
    details: { dirtyFiles: 1 },
  });
  files.plan = undefined;
  await store.tidy();
  expect(await store.health()).toMatchObject({ status: 'ok', problems: [] });
});

it('tells of a client that its owner is gone and no other can be had', async () => {
  const root = join(tempDir(), 'jobs');
  const owner = await StoreProcess.open({ root });
  const client = open({ root });
  await client.open();
  expect(ownerPid(root)).toBe(owner.pid);
  writeFileSync(join(root, 'store.json'), '{"format":99}');
  await owner.kill();
  await eventually('the loss is noticed', async () => {
    const { problems } = await client.health().catch(() => ({ problems: [] as string[] }));
    return problems.some((problem) => problem.includes('format 99'));
  });
  expect(await client.health()).toMatchObject({
    status: 'degraded',
    problems: [expect.stringContaining('being opened again')],
  });
  writeFileSync(join(root, 'store.json'), '{"format":1}');
  await eventually('it goes on', async () => (await client.health()).status === 'ok');
  expect(ownerPid(root)).toBe(process.pid);
});

it('counts the clients that are gone with jobs of theirs', async () => {
  const root = join(tempDir(), 'jobs');
  const owner = await StoreProcess.open({ root });
  const client = await StoreProcess.open({ root });
  const heir = open({ root });
  await owner.add([EMPTY]);
  await client.take('client');
  await heir.open();
  client.stop();
  await owner.kill();
  await eventually('this process owns the store', async () => ownerPid(root) === process.pid);
  const { details, status } = await heir.health();
  expect({ status, absent: (details.absentClients as string[]).length }).toEqual({ status: 'ok', absent: 1 });
  client.continue();
  await eventually('it came back', async () => {
    const { absentClients } = (await heir.health()).details;
    return (absentClients as string[]).length === 0;
  });
});
