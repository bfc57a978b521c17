import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Job, JobStatus } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { serialiseJob } from './job-file';
import { Layout } from './layout';
import { eventually } from './testing/eventually';
import { faultyFiles } from './testing/faults';
import { FolderHost, type HostOptions } from './testing/folder-host';
import { tempDir } from './testing/temp-dir';

/** The jobs p (pending), c (completed), f (failed) and a (active), with their files, and nobody watching any more. */
async function closed(): Promise<FolderHost> {
  const host = new FolderHost();
  await host.view.start();
  await host.add(['c', 'f', 'a', 'p']);
  const [c, f] = await host.claim(3);
  await host.complete([c as never]);
  await host.fail([f as never]);
  await host.settle();
  await host.view.stop();
  expect(host.names()).toEqual(['active/a.json', 'completed/c.json', 'failed/f.json', 'pending/p.json']);
  return host;
}

/** The same index and folders, opened again. */
async function reopen(host: FolderHost, options: Omit<HostOptions, 'clock'> = {}): Promise<FolderHost> {
  const next = new FolderHost({
    ...{ root: host.layout.root, table: host.engine.table, clock: new FakeClock(host.clock.now()) },
    ...options,
  });
  await next.view.start();
  await next.settle();
  return next;
}

function rewrite(host: FolderHost, status: JobStatus, id: string, change: (job: Job) => object): void {
  writeFileSync(host.path(status, id), `${JSON.stringify(change(host.read(status, id)), null, 2)}\n`);
}

describe('when a store opens', () => {
  it('files that are up to date are not written again', async () => {
    const host = await closed();
    const before = statSync(host.path('completed', 'c'));
    const next = await reopen(host);
    expect(statSync(host.path('completed', 'c')).ino).toBe(before.ino);
    expect(next.view.stats()).toEqual({
      ...{ dirty: 0, lagMs: 0, skippedPending: 0 },
      files: { pending: 1, active: 1, completed: 1, failed: 1 },
    });
    expect(next.engine.asked).toEqual([]);
  });

  it('missing files are written, never taken for removals', async () => {
    const host = await closed();
    for (const status of ['pending', 'active', 'completed', 'failed'] as const) {
      rmSync(host.layout.folder(status), { recursive: true });
    }
    const next = await reopen(host);
    expect(await next.differences()).toEqual([]);
    expect(next.engine.asked).toEqual([]);
  });

  it('the file of a job that is about to leave goes with it, whenever it was looked at', async () => {
    const host = await closed();
    // Of two files one was torn by the crash: they are waited for until long after the start.
    writeFileSync(host.path('active', 'f'), '');
    const next = await reopen(host, { isLeaving: ({ id }) => id === 'f' });
    await next.clock.advance(3_000);
    await next.view.flush();
    expect(next.names()).toEqual(['active/a.json', 'completed/c.json', 'pending/p.json']);
    await next.engine.change({ change: { action: 'remove' }, target: { ids: ['f'] } });
    await next.settle();
    expect(await next.differences()).toEqual([]);
  });

  it('files that were behind at a crash are rewritten and moved', async () => {
    const host = await closed();
    host.engine.table.onApplied = undefined;
    await host.engine.change({ change: { action: 'reprioritise', priority: 1 }, target: { ids: ['p'] } });
    await host.engine.change({ change: { action: 'retry' }, target: { ids: ['f'] } });
    const next = await reopen(host);
    expect(await next.differences()).toEqual([]);
    expect(next.names()).toEqual(['active/a.json', 'completed/c.json', 'pending/f.json', 'pending/p.json']);
    expect(next.engine.asked).toEqual([]);
    expect(next.quarantined()).toEqual([]);
  });

  it('of two files of one job the newer one counts, and the older one is removed', async () => {
    const host = await closed();
    // As a crash between the write of the new file and the removal of the old one leaves it.
    writeFileSync(
      host.path('pending', 'c'),
      serialiseJob({ ...host.read('completed', 'c'), status: 'pending', rev: 1 }),
    );
    writeFileSync(host.path('active', 'c'), serialiseJob({ ...host.read('completed', 'c'), status: 'active', rev: 2 }));
    const next = await reopen(host);
    // Two files may be one on its way between disks, so they are looked at twice.
    await next.notice();
    expect(await next.differences()).toEqual([]);
    expect(next.engine.asked).toEqual([]);
    expect(next.quarantined()).toEqual([]);
  });

  it('a job that is removed while its two files are looked at stays removed', async () => {
    const host = await closed();
    writeFileSync(host.path('failed', 'c'), serialiseJob({ ...host.read('completed', 'c'), status: 'failed', rev: 1 }));
    const next = await reopen(host);
    await next.engine.change({ change: { action: 'remove' }, target: { ids: ['c'] } });
    await next.notice();
    await next.clock.advance(1_000);
    expect(next.engine.asked).toEqual([]);
    expect(next.engine.table.entries.has('c')).toBe(false);
    expect(await next.differences()).toEqual([]);
    expect(next.quarantined()).toEqual(['REMOVED completed/c.json', 'REMOVED failed/c.json']);
  });

  it('of two files of one job in the same revision the one in its own folder counts', async () => {
    const host = await closed();
    writeFileSync(host.path('pending', 'c'), readFileSync(host.path('completed', 'c')));
    writeFileSync(host.path('failed', 'p'), serialiseJob({ ...host.read('pending', 'p'), data: 'mine' }));
    const next = await reopen(host);
    await next.notice();
    expect(await next.differences()).toEqual([]);
    expect(next.engine.asked).toEqual([]);
    expect(next.quarantined()).toEqual(['DUPLICATE failed/p.json']);
  });

  it.each<[string, JobStatus, JobStatus, string[]]>([
    ['f', 'failed', 'pending', ['retry f']],
    ['p', 'pending', 'failed', ['cancel p']],
    ['a', 'active', 'failed', ['cancel a']],
    ['c', 'completed', 'pending', []],
  ])('%s was moved from %s to %s while nobody watched', async (id, from, to, asked) => {
    const host = await closed();
    renameSync(host.path(from, id), host.path(to, id));
    const next = await reopen(host);
    expect(next.engine.asked).toEqual(asked);
    expect(next.quarantined()).toEqual(asked.length > 0 ? [] : ['NOT_POSSIBLE pending/c.json (note)']);
    expect(await next.differences()).toEqual([]);
  });

  it('a pending job was edited while nobody watched', async () => {
    const host = await closed();
    rewrite(host, 'pending', 'p', (job) => ({ ...job, priority: 2, data: 'edited' }));
    rewrite(host, 'completed', 'c', (job) => ({ ...job, result: 'edited' }));
    const next = await reopen(host);
    expect(next.read('pending', 'p')).toMatchObject({ priority: 2, data: 'edited' });
    expect(next.quarantined()).toEqual(['NOT_EDITABLE completed/c.json']);
    expect(await next.differences()).toEqual([]);
  });

  it('an old file of an edited job is stale, not an edit', async () => {
    const host = await closed();
    const old = readFileSync(host.path('pending', 'p'));
    await host.engine.change({ change: { action: 'edit', patch: { data: 2 } }, target: { ids: ['p'] } });
    writeFileSync(host.path('pending', 'p'), old);
    const next = await reopen(host);
    expect(next.engine.asked).toEqual([]);
    expect(next.quarantined()).toEqual([]);
    expect(next.read('pending', 'p').data).toBe(2);
  });

  it('a file shows more than the journal knows', async () => {
    const host = await closed();
    rewrite(host, 'pending', 'p', (job) => ({ ...job, rev: 9 }));
    const next = await reopen(host);
    expect(next.quarantined()).toEqual(['NEWER_THAN_JOURNAL pending/p.json']);
    expect(await next.differences()).toEqual([]);
  });

  it('a file shows what a power cut took from the journal, in as many changes as there were since: it is no wish of anybody', async () => {
    const host = await closed();
    const error = { at: '2025-01-30T12:00:00.000Z', attempt: 1, name: 'Error', message: 'no' };
    rewrite(host, 'pending', 'p', ({ metadata, ...job }) => ({
      ...{ ...job, status: 'failed', reason: 'error', attempt: 1, metadata: { ...metadata, errors: [error] } },
    }));
    renameSync(host.path('pending', 'p'), host.path('failed', 'p'));
    const next = await reopen(host);
    expect(next.engine.asked).toEqual([]);
    expect(next.quarantined()).toEqual(['NEWER_THAN_JOURNAL failed/p.json']);
    expect(await next.differences()).toEqual([]);
  });

  it('files of removed jobs that a crash left are removed, those of unknown jobs adopted', async () => {
    const host = await closed();
    const record = { type: 'a', status: 'pending', data: 1 };
    writeFileSync(host.path('pending', 'gone'), JSON.stringify({ id: 'gone', ...record }));
    writeFileSync(host.path('completed', 'gone'), JSON.stringify({ id: 'gone', ...record }));
    writeFileSync(host.path('pending', 'torn-and-gone'), '{');
    writeFileSync(host.path('pending', 'new'), JSON.stringify({ id: 'new', ...record }));
    const next = await reopen(host, { leftovers: new Set(['gone', 'torn-and-gone']) });
    expect(next.engine.asked).toEqual(['adopt new pending']);
    expect(await next.differences()).toEqual([]);
    expect(next.quarantined()).toEqual([]);
  });

  it('a job that is removed meanwhile does not come back, whenever that is', async () => {
    for (let turns = 0; turns < 25; turns++) {
      const host = await closed();
      const next = new FolderHost({
        ...{ root: host.layout.root, table: host.engine.table, clock: new FakeClock(host.clock.now()) },
      });
      const starting = next.view.start();
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      await next.engine.change({ change: { action: 'remove' }, target: { ids: ['c', 'f'] } });
      await starting;
      // Whoever comes after a crash at this moment knows that what stands there is no job's any more.
      const known = [...(await next.view.settle())];
      const standing = ['c', 'f'].filter((id) => next.names().some((name) => name.endsWith(`/${id}.json`)));
      expect(known, `removed after ${turns} turns`).toEqual(expect.arrayContaining(standing));
      await next.settle();
      expect(next.names(), `removed after ${turns} turns`).toEqual(['active/a.json', 'pending/p.json']);
      expect(next.engine.asked).toEqual([]);
    }
  });

  it('what no version or only a newer one can read is put away, and nothing else is touched', async () => {
    const host = await closed();
    rewrite(host, 'pending', 'p', (job) => ({ ...job, format: 2 }));
    rewrite(host, 'failed', 'f', (job) => ({ ...job, status: 'paused' }));
    writeFileSync(host.path('completed', 'other'), '{}');
    const next = await reopen(host);
    expect(next.quarantined()).toEqual([
      'NEWER_FORMAT pending/p.json',
      'OTHER_ID completed/other.json',
      'UNKNOWN_STATUS failed/f.json',
    ]);
    expect(await next.differences()).toEqual([]);
  });

  it('a folder that is a file keeps nobody from the others', async () => {
    const host = await closed();
    rmSync(host.layout.folder('completed'), { recursive: true });
    writeFileSync(host.layout.folder('completed'), 'in the way');
    const next = new FolderHost({ root: tempDir(), table: host.engine.table });
    rmSync(next.layout.folder('completed'), { recursive: true });
    writeFileSync(next.layout.folder('completed'), 'in the way');
    await next.view.start();
    await next.settle();
    expect(existsSync(next.path('pending', 'p'))).toBe(true);
    expect(next.view.stats().dirty).toBeGreaterThan(0);
    expect(next.errors.length).toBeGreaterThan(0);
    unlinkSync(next.layout.folder('completed'));
    mkdirSync(next.layout.folder('completed'));
    await next.clock.advance(60_000);
    await next.settle();
    expect(await next.differences()).toEqual([]);
  });
});

describe('a link in the place of a folder', () => {
  it('is not followed, and the folder is filled when it is one again', async () => {
    const host = await closed();
    const outside = tempDir();
    for (const name of ['c.json', 'notes.txt', 'unknown.json']) {
      writeFileSync(join(outside, name), JSON.stringify({ id: 'unknown', type: 'a', status: 'pending', data: 1 }));
    }
    const next = new FolderHost({ root: tempDir(), table: host.engine.table });
    rmSync(next.layout.folder('pending'), { recursive: true });
    symlinkSync(outside, next.layout.folder('pending'), 'junction');
    await next.view.start();
    await next.settle();
    expect(readdirSync(outside)).toEqual(['c.json', 'notes.txt', 'unknown.json']);
    expect(next.engine.asked).toEqual([]);
    expect(next.quarantined()).toEqual([]);
    expect(existsSync(next.path('completed', 'c'))).toBe(true);
    expect(next.errors.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringMatching(/pending\/ cannot be made/)]),
    );
    rmSync(next.layout.folder('pending'));
    await next.clock.advance(60_000);
    await next.view.scan();
    await next.settle();
    expect(await next.differences()).toEqual([]);
  });
});

describe('four folders without a journal', () => {
  it('open as the queue that they show, parents before those that depend on them', async () => {
    const layout = new Layout(tempDir());
    const source = new FolderHost({ root: layout.root });
    await source.view.start();
    await source.add(Array.from({ length: 300 }, (_, i) => `j${i}`));
    await source.complete(await source.claim(100));
    await source.fail(await source.claim(100));
    await source.claim(50);
    await source.add(['a-child'], { dependsOn: ['z-parent'] }).catch(() => {});
    await source.add(['z-parent']);
    await source.add(['a-child'], { dependsOn: ['z-parent', 'j0'] });
    await source.settle();
    await source.close();
    const host = new FolderHost({ root: layout.root });
    await host.view.start();
    await host.clock.advance(3_000);
    await host.settle();
    expect(host.engine.table.size).toBe(302);
    expect(host.quarantined()).toEqual([]);
    const counts = await host.engine.counts();
    expect(counts).toMatchObject({ pending: 102, active: 0, completed: 100, failed: 100 });
    expect(counts.waiting.blocked).toBe(1);
    expect(await host.differences()).toEqual([]);
  });

  it('also where other programs wrote them, of two copies the later one', async () => {
    const host = new FolderHost();
    const record = { id: 'x', type: 'download', priority: 5, data: { url: 'u' }, created: '2025-01-30T10:00:00Z' };
    writeFileSync(host.path('pending', 'x'), JSON.stringify({ ...record, status: 'pending' }));
    writeFileSync(host.path('completed', 'x'), JSON.stringify({ ...record, status: 'completed' }));
    await host.view.start();
    await host.notice();
    expect(host.engine.asked).toEqual(['adopt x completed']);
    expect(host.names()).toEqual(['completed/x.json']);
  });
});

it('a folder that could not be read when the store opened is read again soon, without anybody asking', async () => {
  const host = await closed();
  let reads = 0;
  const files = faultyFiles((call, [path]) =>
    call === 'readdir' && String(path).endsWith('active') && reads++ === 0 ? 'EMFILE' : undefined,
  );
  const next = await reopen(host, { files });
  expect(reads).toBe(1);
  await next.clock.advance(1_000);
  await eventually('it was read', () => reads === 2);
});

it('a file that could not be looked at when the store opened does not bring back its job, which is removed meanwhile', async () => {
  const host = await closed();
  let looked = 0;
  const files = faultyFiles((call, [path]) =>
    call === 'lstatIfAnySync' && String(path).endsWith('completed/c.json') && looked++ === 0 ? 'EIO' : undefined,
  );
  const clock = new FakeClock(host.clock.now());
  const next = new FolderHost({ root: host.layout.root, table: host.engine.table, clock, files });
  await next.view.start();
  // Before anything was written.
  await next.engine.change({ change: { action: 'remove' }, target: { ids: ['c'] } });
  await next.settle(1_000);
  await next.view.scan();
  await next.settle(1_000);
  expect(await next.engine.get(['c'])).toEqual([null]);
  expect(next.names()).toEqual(['active/a.json', 'failed/f.json', 'pending/p.json']);
});
