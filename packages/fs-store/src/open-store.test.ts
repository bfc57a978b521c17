import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@leviathan/core';
import { expect, it, onTestFinished } from 'vitest';
import { socketPath, writeOwnerFile } from './endpoint';
import { nodeFiles } from './files';
import { type FsStore, fsStore } from './fs-store';
import { acquireLock } from './lock';
import type { FsStoreOptions } from './options';
import { listenOnSocket } from './socket-channel';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const EMPTY = { type: 'a', data: null };

function make(options: FsStoreOptions): FsStore {
  const store = fsStore(options);
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

/** A root whose lock somebody holds; `answer` says what its socket answers to a first message, if there is one. */
async function heldRoot(answer?: (id: unknown) => object | undefined): Promise<string> {
  const root = tempDir();
  const lock = acquireLock(join(root, 'lock'));
  onTestFinished(() => lock?.release());
  if (!answer) return root;
  const socket = socketPath(nodeFiles, root);
  const channels: { close(): void }[] = [];
  const server = await listenOnSocket(socket, (channel) => {
    channels.push(channel);
    channel.onMessage((message) => {
      const result = answer((message as { i: unknown }).i);
      if (result) channel.send({ t: 's', i: (message as { i: unknown }).i, r: result });
    });
  });
  onTestFinished(async () => {
    for (const channel of channels) channel.close();
    await server.close();
  });
  await writeOwnerFile(nodeFiles, root, { pid: process.pid, socket, instance: 'i', since: new Date(0).toISOString() });
  return root;
}

it.each([
  ['says nothing of itself', undefined],
  ['takes connections and does not answer', () => undefined],
] as const)('patience with an owner that %s ends with OWNER_SILENT', async (_name, answer) => {
  const root = await heldRoot(answer);
  const store = make({ root, patience: 150 });
  await expect(store.open()).rejects.toMatchObject({
    code: 'OWNER_SILENT',
    message: expect.stringContaining(answer ? `in use by process ${process.pid}` : 'in use, which'),
  });
  await store.close();
  expect(readdirSync(join(root, 'clients'))).toEqual([]);
});

it('an owner that leaves a socket without a listener is not waited for once its lock is free', async () => {
  const root = tempDir();
  const socket = socketPath(nodeFiles, root);
  writeFileSync(socket, '');
  await writeOwnerFile(nodeFiles, root, { pid: 1, socket, instance: 'i', since: new Date(0).toISOString() });
  const store = make({ root, patience: 0 });
  await store.add([EMPTY]);
  expect(existsSync(socket)).toBe(false);
});

it.each([
  [
    'refuses',
    {
      protocol: 2,
      error: { code: 'CONNECTION', message: 'The client speaks version 1, this server speaks version 2.' },
    },
  ],
  ['welcomes', { protocol: 2, capabilities: {}, instance: 'x' }],
])('an owner of another version that %s this one is told from one that is silent', async (_name, answer) => {
  const root = await heldRoot(() => answer);
  await expect(make({ root }).open()).rejects.toMatchObject({
    code: 'CONNECTION',
    message: expect.stringMatching(/version 2.*version 1|version 1.*version 2/),
  });
});

it('nobody is led to the owner of another folder by what was copied from there', async () => {
  const one = make({ root: join(tempDir(), 'jobs') });
  await one.add([EMPTY]);
  const copy = tempDir();
  const { pid, ...rest } = { pid: process.pid, instance: 'i', since: new Date(0).toISOString() };
  const socket = readdirSync(one.root).find((name) => name.endsWith('.sock')) as string;
  await writeOwnerFile(nodeFiles, copy, { pid, socket: join(one.root, socket), ...rest });
  const stale: boolean[] = [];
  const files = faultyFiles((call, [path]) => {
    if (call === 'readdirSync' && path === join(copy, 'journal')) stale.push(existsSync(join(copy, 'owner.json')));
    return undefined;
  });
  const two = make({ root: copy, files });
  expect(await two.counts()).toMatchObject({ pending: 0 });
  // While the journal is read, which may take seconds.
  expect(stale[0]).toBe(false);
});

it('what cannot be opened holds nothing, and may be opened later', async () => {
  const root = join(tempDir(), 'jobs');
  const files = faultyFiles((call, [, to]) =>
    call === 'renameSync' && String(to).endsWith('owner.json') ? 'EIO' : undefined,
  );
  const watchers = (): number =>
    process.getActiveResourcesInfo().filter((name) => /FSEvent|Pipe|FSReq/.test(name)).length;
  const before = watchers();
  const store = make({ root, files });
  await expect(store.open()).rejects.toMatchObject({ code: 'OPEN_FAILED', message: expect.stringContaining('EIO') });
  expect(watchers()).toBeLessThanOrEqual(before);
  const other = make({ root, patience: 0 });
  await other.add([EMPTY]);
  await other.close();
  files.plan = undefined;
  expect(await store.counts()).toMatchObject({ pending: 1 });
});

it.each([
  ['a file', (root: string) => writeFileSync(root, ''), 'NOT_A_FOLDER'],
  ['a folder of a newer version', (root: string) => writeNewer(root), 'FORMAT'],
] as const)('%s is no root', async (_name, prepare, code) => {
  const root = join(tempDir(), 'jobs');
  prepare(root);
  await expect(make({ root }).open()).rejects.toMatchObject({ code, message: expect.any(String) });
});

it('only the owner tidies', async () => {
  const root = join(tempDir(), 'jobs');
  const [owner, client] = [make({ root }), make({ root })];
  await owner.open();
  await owner.tidy();
  await expect(client.tidy()).rejects.toMatchObject({ code: 'NOT_THE_OWNER' });
  await owner.close();
  await client.counts();
  await client.tidy();
});

function writeNewer(root: string): void {
  mkdirSync(root);
  writeFileSync(join(root, 'store.json'), '{"format":2}');
}

it('an owner removes what dead processes left half written, and leaves alone what the living write', async () => {
  const root = tempDir();
  const store = make({ root });
  await store.open();
  await store.close();
  const [dead, living] = ['.owner.json.4194305-3.tmp', `.store.json.${process.ppid}-1.tmp`];
  for (const name of [dead, living, join('clients', dead)]) writeFileSync(join(root, name), '{');
  const next = make({ root });
  await next.open();
  expect(readdirSync(root).filter((name) => name.endsWith('.tmp'))).toEqual([living]);
  expect(readdirSync(join(root, 'clients')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('the names of the folders are on the device before anything is written into them', async () => {
  const root = join(tempDir(), 'jobs');
  const files = faultyFiles();
  const store = make({ root, files, durability: 'process' });
  await store.open();
  const steps = files.calls.flatMap(({ call, args }) => {
    if (call === 'mkdirSync' && String(args[0]).endsWith('archive')) return ['made'];
    if (call === 'syncDir' && args[0] === root) return ['synced'];
    return call === 'openSync' && args[1] === 'create' && String(args[0]).includes('journal') ? ['written'] : [];
  });
  expect(steps.slice(0, steps.indexOf('written') + 1)).toEqual(['synced', 'made', 'synced', 'written']);
});

it.each(
  (['statSync', 'fstatSync', 'openSync', 'linkSync', 'readdirSync', 'readSync', 'closeSync'] as const).flatMap(
    (bad) => [[bad, 'the kernel', false] as const, [bad, 'a file', true] as const],
  ),
)(
  'a disk that fails in %s, with the lock of %s, is told by a typed error each time, and opens when it is well',
  async (bad, _lock, fallbackLock) => {
    const root = tempDir();
    await make({ root, fallbackLock }).close();
    for (let nth = 0; nth < 40; nth++) {
      let seen = 0;
      const files = faultyFiles((call) => (call === bad && seen++ === nth ? 'EIO' : undefined));
      const store = make({ root, files, fallbackLock, onError: () => {} });
      await store.open().catch((error: unknown) => expect(error, `${bad} ${nth}`).toBeInstanceOf(StoreError));
      files.plan = undefined;
      await store.open();
      await store.close();
      if (seen <= nth) return;
    }
  },
);
