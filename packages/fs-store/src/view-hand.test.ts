import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Job, type JobStatus, StoreWriteError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { FolderHost } from './testing/folder-host';
import { tempDir } from './testing/temp-dir';

/** A host with the job `x` in this state, everything on disk. */
async function withJob(status: JobStatus, spec: object = {}): Promise<FolderHost> {
  const host = new FolderHost();
  await host.view.start();
  await host.add(['x'], spec);
  if (status !== 'pending') {
    const held = await host.claim();
    if (status === 'completed') await host.complete(held);
    if (status === 'failed') await host.fail(held);
  }
  await host.settle();
  expect(host.names()).toEqual([`${status}/x.json`]);
  return host;
}

function rewrite(host: FolderHost, status: JobStatus, change: (job: Job) => object): void {
  writeFileSync(host.path(status, 'x'), JSON.stringify(change(host.read(status, 'x'))));
}

describe('a person moves a file', () => {
  const rows: [JobStatus, JobStatus, JobStatus, string[], string[]][] = [
    ['failed', 'pending', 'pending', ['retry x'], []],
    ['pending', 'failed', 'failed', ['cancel x'], []],
    ['active', 'failed', 'active', ['cancel x'], []],
    ['completed', 'pending', 'completed', [], ['NOT_POSSIBLE pending/x.json (note)']],
    ['completed', 'failed', 'completed', [], ['NOT_POSSIBLE failed/x.json (note)']],
    ['completed', 'active', 'completed', [], ['NOT_POSSIBLE active/x.json (note)']],
    ['failed', 'completed', 'failed', [], ['NOT_POSSIBLE completed/x.json (note)']],
    ['failed', 'active', 'failed', [], ['NOT_POSSIBLE active/x.json (note)']],
    ['pending', 'active', 'pending', [], ['NOT_POSSIBLE active/x.json (note)']],
    ['pending', 'completed', 'pending', [], ['NOT_POSSIBLE completed/x.json (note)']],
    ['active', 'pending', 'active', [], ['NOT_POSSIBLE pending/x.json (note)']],
    ['active', 'completed', 'active', [], ['NOT_POSSIBLE completed/x.json (note)']],
  ];
  it.each(rows)('from %s to %s: the job is %s', async (from, to, after, asked, quarantined) => {
    const host = await withJob(from);
    renameSync(host.path(from, 'x'), host.path(to, 'x'));
    await host.notice();
    expect(host.engine.asked).toEqual(asked);
    expect(host.status('x')).toBe(after);
    expect(host.quarantined()).toEqual(quarantined);
    expect(await host.differences()).toEqual([]);
    expect(host.errors).toEqual([]);
  });

  it('of a running job to failed: its handler is told to stop, and the file follows it', async () => {
    const host = await withJob('active');
    renameSync(host.path('active', 'x'), host.path('failed', 'x'));
    await host.notice();
    expect(host.read('active', 'x').cancelling).toBe(true);
    expect(host.names()).toEqual(['active/x.json']);
  });

  it('and edits it on the way: the retried job has the edit', async () => {
    const host = await withJob('failed');
    rewrite(host, 'failed', (job) => ({ ...job, priority: 1, data: { to: 'y' }, status: 'pending' }));
    renameSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await host.notice();
    expect(host.engine.asked).toEqual(['retry x', 'edit x {"data":{"to":"y"},"priority":1}']);
    expect(host.read('pending', 'x')).toMatchObject({ status: 'pending', priority: 1, data: { to: 'y' } });
    expect(await host.differences()).toEqual([]);
    expect(host.quarantined()).toEqual([]);
  });

  it('while the job went on by itself: a wish that is met already asks for nothing', async () => {
    const host = await withJob('failed');
    renameSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await host.engine.change({ change: { action: 'retry' }, target: { ids: ['x'] } });
    await host.claim();
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(host.quarantined()).toEqual([]);
    expect(host.names()).toEqual(['active/x.json']);
  });

  it('while the job completed: too late to cancel it', async () => {
    const host = await withJob('pending');
    renameSync(host.path('pending', 'x'), host.path('failed', 'x'));
    await host.complete(await host.claim());
    await host.notice();
    expect(host.status('x')).toBe('completed');
    expect(host.quarantined()).toEqual(['NOT_POSSIBLE failed/x.json (note)']);
    expect(await host.differences()).toEqual([]);
  });

  it('and the store refuses: it is put back with the reason', async () => {
    const host = await withJob('failed', { key: 'k' });
    await host.add(['y'], { key: 'k' });
    renameSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await host.notice();
    expect(host.status('x')).toBe('failed');
    expect(host.quarantined()).toEqual(['REFUSED pending/x.json (note)']);
    expect(await host.differences()).toEqual([]);
  });

  it('and the store cannot write just now: it is asked again until it can', async () => {
    const host = await withJob('failed');
    let full = true;
    host.engine.beforeRequest = () => {
      if (full) throw new StoreWriteError('The disk is full.', null);
    };
    renameSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await host.notice();
    expect(host.status('x')).toBe('failed');
    expect(host.errors).toHaveLength(1);
    await host.clock.advance(5_000);
    full = false;
    await host.clock.advance(30_000);
    await host.settle();
    expect(host.status('x')).toBe('pending');
    expect(await host.differences()).toEqual([]);
  });

  it('by copying and removing it, with a pause in between', async () => {
    const host = await withJob('failed');
    copyFileSync(host.path('failed', 'x'), host.path('pending', 'x'));
    await host.view.scan();
    await host.clock.advance(50);
    unlinkSync(host.path('failed', 'x'));
    await host.notice();
    expect(host.engine.asked).toEqual(['retry x']);
    expect(await host.differences()).toEqual([]);
  });

  it('by removing and writing it again, as editors do: nothing is cancelled', async () => {
    const host = await withJob('pending');
    const text = readFileSync(host.path('pending', 'x'));
    unlinkSync(host.path('pending', 'x'));
    await host.view.scan();
    await host.clock.advance(100);
    writeFileSync(host.path('pending', 'x'), text);
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(await host.differences()).toEqual([]);
  });
});

describe('a person removes a file', () => {
  it.each<[JobStatus, JobStatus | undefined, string[]]>([
    ['pending', 'failed', ['cancel x']],
    ['active', 'active', []],
    ['completed', undefined, ['remove x']],
    ['failed', undefined, ['remove x']],
  ])('of a %s job: it is %s afterwards', async (from, after, asked) => {
    const host = await withJob(from);
    unlinkSync(host.path(from, 'x'));
    await host.notice();
    expect(host.engine.asked).toEqual(asked);
    expect(host.status('x')).toBe(after);
    expect(host.quarantined()).toEqual([]);
    expect(await host.differences()).toEqual([]);
  });

  it('of a pending job that has been started meanwhile: it is cancelled', async () => {
    const host = await withJob('pending');
    unlinkSync(host.path('pending', 'x'));
    await host.claim();
    await host.notice();
    expect(host.engine.asked).toEqual(['cancel x']);
    expect(host.read('active', 'x').cancelling).toBe(true);
  });

  it('of a failed job that was retried meanwhile: it stays', async () => {
    const host = await withJob('failed');
    unlinkSync(host.path('failed', 'x'));
    await host.engine.change({ change: { action: 'retry' }, target: { ids: ['x'] } });
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(await host.differences()).toEqual([]);
  });

  it('with the whole folder: that asks for nothing, the folder comes back', async () => {
    const host = await withJob('pending');
    rmSync(host.layout.folder('pending'), { recursive: true });
    await host.notice();
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(await host.differences()).toEqual([]);
  });

  it('or the whole folder is replaced by another one', async () => {
    const host = await withJob('completed');
    renameSync(host.layout.folder('completed'), join(host.layout.root, 'taken-away'));
    mkdirSync(host.layout.folder('completed'));
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(await host.differences()).toEqual([]);
  });
});

describe('a person edits a file', () => {
  it('of a pending job: what may be edited is', async () => {
    const host = await withJob('pending');
    const runAt = new Date(host.clock.now() + 60_000).toISOString();
    rewrite(host, 'pending', (job) => ({
      ...{ ...job, priority: 1, data: [1], runAt, tags: ['t'], maxAttempts: 9, timeout: 50 },
      backoff: { type: 'fixed', delay: 5 },
    }));
    await host.notice();
    expect(host.read('pending', 'x')).toMatchObject({
      ...{ priority: 1, data: [1], runAt, tags: ['t'], maxAttempts: 9, timeout: 50 },
      ...{ backoff: { type: 'fixed', delay: 5 }, rev: 2 },
    });
    expect(await host.differences()).toEqual([]);
    expect(host.quarantined()).toEqual([]);
    rewrite(host, 'pending', ({ runAt: _r, tags: _t, timeout: _o, backoff: _b, ...job }) => job);
    await host.notice();
    const job = host.read('pending', 'x');
    expect(Object.keys(job)).not.toEqual(expect.arrayContaining(['runAt']));
    expect([job.runAt, job.tags, job.timeout, job.backoff]).toEqual([undefined, undefined, undefined, undefined]);
    expect(await host.differences()).toEqual([]);
  });

  it('without changing anything: nothing is asked, and the form is ours again', async () => {
    const host = await withJob('pending');
    rewrite(host, 'pending', ({ id, ...job }) => ({ ...job, id }));
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(await host.differences()).toEqual([]);
    expect(host.quarantined()).toEqual([]);
  });

  it.each<[string, JobStatus, (job: Job) => object, string]>([
    ['with a value out of range', 'pending', (job) => ({ ...job, priority: 99 }), 'INVALID'],
    ['with an unknown field', 'pending', (job) => ({ ...job, prio: 1 }), 'INVALID'],
    ['with a missing field', 'pending', ({ data: _, ...job }) => job, 'INVALID'],
    ['with another id', 'pending', (job) => ({ ...job, id: 'y' }), 'OTHER_ID'],
    ['with another status', 'pending', (job) => ({ ...job, status: 'completed' }), 'NOT_EDITABLE'],
    ['with an unknown status', 'pending', (job) => ({ ...job, status: 'waiting' }), 'UNKNOWN_STATUS'],
    ['with a field that is not theirs', 'pending', (job) => ({ ...job, attempt: 0, type: 'b' }), 'NOT_EDITABLE'],
    ['with a newer format', 'pending', (job) => ({ ...job, format: 2 }), 'NEWER_FORMAT'],
    ['with a higher revision', 'pending', (job) => ({ ...job, rev: 100 }), 'NEWER_THAN_JOURNAL'],
    ['of a completed job', 'completed', (job) => ({ ...job, result: 'better' }), 'NOT_EDITABLE'],
    ['of a failed job', 'failed', (job) => ({ ...job, data: 1 }), 'NOT_EDITABLE'],
    ['of an active job', 'active', (job) => ({ ...job, priority: 1 }), 'NOT_EDITABLE'],
  ])('%s (%s): it is kept in quarantine and ours comes back', async (_, status, change, code) => {
    const host = await withJob(status);
    rewrite(host, status, change);
    const theirs = readFileSync(host.path(status, 'x'), 'utf8');
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(host.quarantined()).toEqual([`${code} ${status}/x.json`]);
    const kept = readdirSync(host.layout.quarantine).find((name) => !name.endsWith('.reason.json')) as string;
    expect(readFileSync(join(host.layout.quarantine, kept), 'utf8')).toBe(theirs);
    expect(await host.differences()).toEqual([]);
    expect(host.status('x')).toBe(status);
  });

  it('and the store refuses the edit: it is kept with the reason', async () => {
    const host = await withJob('pending');
    host.engine.edit = async () => ({ ok: false, message: 'data.to: must be a text' });
    rewrite(host, 'pending', (job) => ({ ...job, data: { to: 5 } }));
    await host.notice();
    expect(host.quarantined()).toEqual(['REFUSED pending/x.json']);
    expect(await host.differences()).toEqual([]);
  });

  it('that has been started meanwhile: too late, the edit is kept', async () => {
    const host = await withJob('pending');
    rewrite(host, 'pending', (job) => ({ ...job, data: 'newer' }));
    await host.claim();
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(host.quarantined()).toEqual(['OUTDATED pending/x.json']);
    expect(host.names()).toEqual(['active/x.json']);
    expect(host.read('active', 'x').data).toEqual({ of: 'x' });
  });

  it('in an editor that saves in place, slowly: it is waited for', async () => {
    const host = await withJob('pending');
    const touch = (): void =>
      utimesSync(host.path('pending', 'x'), new Date(host.clock.now()), new Date(host.clock.now()));
    const whole = JSON.stringify({ ...host.read('pending', 'x'), priority: 3 });
    for (const length of [0, 10, 100]) {
      writeFileSync(host.path('pending', 'x'), whole.slice(0, length));
      touch();
      await host.view.scan();
      await host.clock.advance(1_500);
    }
    expect(host.quarantined()).toEqual([]);
    writeFileSync(host.path('pending', 'x'), whole);
    await host.notice();
    expect(host.read('pending', 'x').priority).toBe(3);
    expect(host.quarantined()).toEqual([]);
  });

  it.each([
    ['empties it', '', 'EMPTY'],
    ['cuts it off', '{"id": "x", ', 'TORN'],
    ['fills it with NUL bytes', '\0'.repeat(300), 'NUL'],
  ])('and %s: two seconds later ours is back', async (_, text, code) => {
    const host = await withJob('pending');
    writeFileSync(host.path('pending', 'x'), text);
    utimesSync(host.path('pending', 'x'), new Date(host.clock.now()), new Date(host.clock.now()));
    await host.notice();
    expect(host.quarantined()).toEqual([]);
    await host.clock.advance(2_000);
    await host.settle();
    expect(host.quarantined()).toEqual([`${code} pending/x.json`]);
    expect(host.engine.asked).toEqual([]);
    expect(await host.differences()).toEqual([]);
  });
});

describe('a person puts a file there', () => {
  const record = { id: 'n', type: 'a', status: 'pending', data: 7, created: '2025-01-30T10:00:00Z' };

  it.each<[JobStatus, JobStatus]>([
    ['pending', 'pending'],
    ['active', 'pending'],
    ['completed', 'completed'],
    ['failed', 'failed'],
  ])('with an unknown id into %s: it is adopted as %s', async (folder, after) => {
    const host = await withJob('pending');
    writeFileSync(host.path(folder, 'n'), JSON.stringify(record));
    await host.notice();
    expect(host.engine.asked).toEqual([`adopt n ${folder}`]);
    expect(host.status('n')).toBe(after);
    expect(host.read(after, 'n')).toMatchObject({ id: 'n', status: after, data: 7 });
    expect(await host.differences()).toEqual([]);
  });

  it('and the store refuses it', async () => {
    const host = await withJob('pending');
    writeFileSync(host.path('pending', 'n'), JSON.stringify({ ...record, dependsOn: ['nobody'] }));
    await host.notice();
    await host.clock.advance(1_000);
    await host.settle();
    expect(host.quarantined()).toEqual(['REFUSED pending/n.json']);
    expect(host.names()).toEqual(['pending/x.json']);
  });

  it('that depends on one that is put there later', async () => {
    const host = await withJob('pending');
    writeFileSync(host.path('pending', 'n'), JSON.stringify({ ...record, dependsOn: ['parent'] }));
    await host.view.scan();
    writeFileSync(host.path('completed', 'parent'), JSON.stringify({ ...record, id: 'parent' }));
    await host.notice();
    await host.clock.advance(1_000);
    await host.settle();
    expect(host.engine.asked).toEqual(['adopt parent completed', 'adopt n pending']);
    expect(await host.differences()).toEqual([]);
  });

  it('that is a second copy of a job: the same is removed, another one kept', async () => {
    const host = await withJob('completed');
    copyFileSync(host.path('completed', 'x'), host.path('pending', 'x'));
    await host.notice();
    expect(host.quarantined()).toEqual([]);
    writeFileSync(host.path('failed', 'x'), JSON.stringify({ ...host.read('completed', 'x'), result: 'other' }));
    await host.notice();
    expect(host.engine.asked).toEqual([]);
    expect(host.quarantined()).toEqual(['DUPLICATE failed/x.json']);
    expect(await host.differences()).toEqual([]);
  });

  it('of a job that the store removed just now: it is kept, and not run again', async () => {
    const host = await withJob('completed');
    rewrite(host, 'completed', (job) => ({ ...job, result: 'mine' }));
    await host.engine.change({ change: { action: 'remove' }, target: { ids: ['x'] } });
    await host.notice();
    expect(host.quarantined()).toEqual(['REMOVED completed/x.json']);
    expect(host.names()).toEqual([]);
  });

  it.each(['x (conflicted copy).json', 'x.sync-conflict-20250130-120000-ABCDEFG.json', 'notes.txt', 'X.json'])(
    'named %s: it goes to quarantine once it is still',
    async (name) => {
      const host = await withJob('pending');
      const path = join(host.layout.folder('pending'), name);
      writeFileSync(path, 'text');
      utimesSync(path, new Date(host.clock.now()), new Date(host.clock.now()));
      await host.notice();
      expect(host.quarantined()).toEqual([]);
      await host.clock.advance(2_000);
      expect(host.quarantined()).toEqual([`NOT_A_JOB_FILE pending/${name}`]);
      expect(host.names()).toEqual(['pending/x.json']);
    },
  );

  it('that is a working file of an editor: it is left alone', async () => {
    const host = await withJob('pending');
    for (const name of ['.x.json.swp', 'x.json~', '.#x.json', '4913.tmp']) {
      writeFileSync(join(host.layout.folder('pending'), name), 'text');
    }
    await host.notice();
    await host.clock.advance(5_000);
    expect(host.names()).toHaveLength(5);
    expect(host.quarantined()).toEqual([]);
  });

  it('that is a folder in the place of a job', async () => {
    const host = await withJob('pending');
    unlinkSync(host.path('pending', 'x'));
    mkdirSync(host.path('pending', 'x'));
    await host.notice();
    expect(host.quarantined()).toEqual(['NOT_A_FILE pending/x.json']);
    expect(await host.differences()).toEqual([]);
    expect(host.engine.asked).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('that is a link in the place of a job: it is not followed', async () => {
    const host = await withJob('pending');
    const outside = join(tempDir(), 'outside.json');
    writeFileSync(outside, 'precious');
    await host.add(['y']);
    unlinkSync(host.path('pending', 'x'));
    symlinkSync(outside, host.path('pending', 'x'));
    symlinkSync(outside, host.path('pending', 'y'));
    await host.notice();
    expect(host.quarantined()).toEqual(['NOT_A_FILE pending/x.json', 'NOT_A_FILE pending/y.json']);
    expect(await host.differences()).toEqual([]);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });
});

describe('the temporary files', () => {
  it('of dead processes are removed, those of living ones are left', async () => {
    const host = await withJob('pending');
    const names = [`.x.json.${process.ppid}-1.tmp`, `.x.json.${process.pid}-0.tmp`, '.x.json.4194305-1.tmp'];
    for (const name of names) writeFileSync(join(host.layout.folder('pending'), name), '');
    await host.notice();
    expect(host.names()).toEqual([`pending/.x.json.${process.ppid}-1.tmp`, 'pending/x.json']);
  });
});
