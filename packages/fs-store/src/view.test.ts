import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JobTable } from '@leviathan/core/engine';
import { describe, expect, it } from 'vitest';
import { type FaultyFiles, faultyFiles } from './testing/faults';
import { FolderHost, type HostOptions } from './testing/folder-host';
import { tempDir } from './testing/temp-dir';

async function started(options: Omit<HostOptions, 'clock'> = {}): Promise<FolderHost> {
  const host = new FolderHost(options);
  await host.view.start();
  return host;
}

const ids = (count: number, prefix = 'j'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const writes = (files: FaultyFiles): number => files.calls.filter(({ call }) => call === 'renameSync').length;

describe('the folders', () => {
  it('show each job in the folder of its state', async () => {
    const host = await started({ root: join(tempDir(), 'with spaces', 'ünïcode 🐋') });
    await host.add(['a', 'b', 'c', 'd']);
    await host.settle();
    expect(host.names()).toEqual(['pending/a.json', 'pending/b.json', 'pending/c.json', 'pending/d.json']);
    const [a, b] = await host.claim(3);
    await host.settle();
    expect(host.names()).toEqual(['active/a.json', 'active/b.json', 'active/c.json', 'pending/d.json']);
    await host.complete([a as never]);
    await host.fail([b as never]);
    await host.settle();
    expect(host.names()).toEqual(['active/c.json', 'completed/a.json', 'failed/b.json', 'pending/d.json']);
    expect(await host.differences()).toEqual([]);
    expect(host.read('completed', 'a')).toMatchObject({ status: 'completed', result: 'of a' });
    if (process.platform !== 'win32') expect(statSync(host.path('failed', 'b')).mode & 0o777).toBe(0o600);
    expect(host.errors).toEqual([]);
  });

  it('are written by themselves, soon after a change and in one go', async () => {
    const files = faultyFiles();
    const host = await started({ files });
    await host.add(['a']);
    await host.complete(await host.claim());
    await host.clock.advance(24);
    expect(host.names()).toEqual([]);
    await host.clock.advance(2);
    expect(host.names()).toEqual(['completed/a.json']);
    expect(writes(files)).toBe(1);
  });

  it('hold no file of a job whose add a power cut could still take', async () => {
    let durable = 3;
    const host = await started({ durable: () => durable });
    await host.add(['a', 'b', 'c', 'd']);
    await host.settle();
    expect(host.names()).toEqual(['pending/a.json', 'pending/b.json']);
    await host.claim(1);
    await host.clock.advance(1_000);
    expect(host.names()).toEqual(['active/a.json', 'pending/b.json']);
    durable = 5;
    await host.clock.advance(60);
    expect(host.names()).toEqual(['active/a.json', 'pending/b.json', 'pending/c.json', 'pending/d.json']);
  });

  it('never hold a file of a job that came and went meanwhile', async () => {
    const files = faultyFiles();
    const host = await started({ files });
    await host.add(['a', 'b']);
    await host.engine.change({ change: { action: 'remove' }, target: { ids: ['a'] } });
    await host.settle();
    expect(host.names()).toEqual(['pending/b.json']);
    expect(writes(files)).toBe(1);
  });

  it('tell a job from another one that had its id before', async () => {
    const host = await started();
    await host.add(['a'], { data: 1 });
    await host.settle();
    await host.engine.change({ change: { action: 'remove' }, target: { ids: ['a'] } });
    await host.add(['a'], { data: 2 });
    await host.settle();
    expect(host.read('pending', 'a').data).toBe(2);
    expect(await host.differences()).toEqual([]);
  });

  it('let go of jobs whose retention ended', async () => {
    const limit = { age: 1e9, count: 5, bytes: 1e9 };
    const host = await started({ retention: { completed: limit } });
    await host.add(ids(20));
    await host.complete(await host.claim(20));
    await host.settle();
    await host.clock.advance(1_000);
    await host.settle();
    expect(host.names()).toHaveLength(5);
    expect(await host.differences()).toEqual([]);
  });

  it('have each file whole at any moment, and the new one before the old one goes', async () => {
    let host: FolderHost | undefined;
    const seen = new Set<string>();
    const files = faultyFiles(() => {
      for (const name of host?.names() ?? []) {
        if (name.includes('/.')) continue;
        const job = JSON.parse(readFileSync(join(host?.layout.root ?? '', name), 'utf8'));
        expect(name).toBe(`${job.status}/a.json`);
      }
      if (host && host.names().length > 0) seen.add(host.names().join());
      return undefined;
    });
    host = await started({ files });
    await host.add(['a']);
    await host.settle();
    const held = await host.claim();
    await host.settle();
    await host.complete(held);
    await host.settle();
    expect([...seen]).toEqual(
      expect.arrayContaining(['active/a.json,pending/a.json', 'active/a.json,completed/a.json']),
    );
    expect([...seen].every((names) => names.includes('a.json'))).toBe(true);
  });

  it('survive a power cut once they are synced', async () => {
    const files = faultyFiles();
    const host = await started({ files });
    await host.view.fsyncFolders();
    expect(files.calls.filter(({ call }) => call === 'syncDir').map(({ args }) => args[0])).toEqual(
      (['pending', 'active', 'completed', 'failed'] as const).map((status) => host.layout.folder(status)),
    );
  });

  it('name the removed jobs whose files a crash may bring back', async () => {
    const files = faultyFiles();
    const host = await started({ files });
    const named = async (): Promise<string[]> => [...(await host.view.settle())].sort();
    const remove = (...ids: string[]) => host.engine.change({ change: { action: 'remove' }, target: { ids } });
    await host.add(['a', 'b', 'c']);
    await host.settle();
    await host.add(['unseen']);
    await remove('unseen');
    files.plan = (call, [path]) => (call === 'unlinkSync' && String(path).endsWith('a.json') ? 'EACCES' : undefined);
    await remove('a', 'b');
    expect(await named()).toEqual(['a', 'b']);
    await host.settle();
    expect(await named()).toEqual(['a']);
    files.plan = (call) => (call === 'syncDir' ? 'EIO' : undefined);
    await host.clock.advance(61_000);
    await remove('c');
    await host.settle();
    await expect(named()).rejects.toMatchObject({ code: 'EIO' });
    files.plan = undefined;
    expect(await named()).toEqual([]);
  });

  it('write nothing after they were stopped', async () => {
    const host = await started();
    await host.view.stop();
    await host.add(['a']);
    await host.clock.advance(60_000);
    expect(host.names()).toEqual([]);
    expect(host.clock.pending).toBe(0);
  });
});

describe('the cap on pending files', () => {
  it('holds, and the first jobs in the queue are those that are seen', async () => {
    const earlier = new FolderHost();
    await earlier.add(ids(30));
    await earlier.engine.change({ change: { action: 'reprioritise', priority: 1 }, target: { ids: ['j29', 'j28'] } });
    const host = await started({ pendingFiles: 10, table: earlier.engine.table });
    await host.settle();
    expect(host.names()).toEqual([...ids(8), 'j28', 'j29'].map((id) => `pending/${id}.json`).sort());
    expect(host.view.stats()).toMatchObject({ dirty: 0, skippedPending: 20 });
    await host.view.scan();
    await host.settle();
    expect(host.engine.asked).toEqual([]);
    expect(host.status('j20')).toBe('pending');
  });

  it('has room for jobs that are held', async () => {
    const earlier = new FolderHost();
    await earlier.add(ids(2), { onCrash: 'hold' });
    await earlier.claim(1);
    await earlier.engine.takeBack(['w'], 'crashed');
    const host = await started({ pendingFiles: 10, table: earlier.engine.table });
    await host.settle();
    expect(host.names()).toEqual(['pending/j0.json', 'pending/j1.json']);
  });

  it('is filled up again below nine tenths, in the order of the queue', async () => {
    const host = await started({ pendingFiles: 10 });
    await host.add(ids(30));
    await host.settle();
    expect(host.names()).toHaveLength(10);
    const held = await host.claim(1);
    await host.settle();
    expect(host.names().filter((name) => name.startsWith('pending/'))).toHaveLength(9);
    held.push(...(await host.claim(1)));
    await host.settle();
    expect(host.names()).toEqual(
      [
        'active/j0',
        'active/j1',
        ...ids(12)
          .slice(2)
          .map((id) => `pending/${id}`),
      ]
        .map((name) => `${name}.json`)
        .sort(),
    );
    await host.complete(held);
    for (let i = 0; i < 28; i++) await host.complete(await host.claim(1));
    await host.settle();
    expect(host.view.stats()).toMatchObject({ dirty: 0, skippedPending: 0 });
    expect(await host.differences()).toEqual([]);
  });

  it('holds for retried jobs too, which then have no file', async () => {
    const host = await started({ pendingFiles: 3 });
    await host.add(['f1', 'f2']);
    await host.fail(await host.claim(2));
    await host.add(ids(5));
    await host.settle();
    await host.engine.change({ change: { action: 'retry' }, target: { ids: ['f1', 'f2'] } });
    await host.settle();
    expect(host.names()).toEqual(['pending/j0.json', 'pending/j1.json', 'pending/j2.json']);
    expect(host.view.stats().skippedPending).toBe(4);
  });

  it('counts scheduled and blocked jobs among the pending ones', async () => {
    const host = await started({ pendingFiles: 4 });
    await host.add(ids(3));
    await host.add(ids(3, 's'), { runAt: host.clock.now() + 1e6 });
    await host.add(ids(3, 'b'), { dependsOn: ['j0'] });
    await host.settle();
    expect(host.names()).toHaveLength(4);
    await host.engine.change({ change: { action: 'remove' }, target: { ids: ['j1', 'j2', 's0'] } });
    await host.settle();
    expect(host.names()).toHaveLength(4);
    await host.engine.change({ change: { action: 'remove' }, target: { ids: ids(3, 's') } });
    await host.settle();
    expect(host.names()).toEqual(['b0', 'b1', 'b2', 'j0'].map((id) => `pending/${id}.json`));
  });
});

describe('trouble with the disk', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'EIO', 'EACCES'])(
    '%s: the folders fall behind, the jobs go on, and the folders catch up',
    async (code) => {
      let broken = true;
      const files = faultyFiles((call, args) =>
        broken && call === 'openSync' && args[1] === 'create' ? code : undefined,
      );
      const host = await started({ files });
      await host.add(ids(50));
      await host.settle();
      await host.complete(await host.claim(20));
      await host.settle();
      expect(host.names()).toEqual([]);
      expect(host.view.stats().dirty).toBeGreaterThanOrEqual(50);
      await host.clock.advance(10_000);
      expect(host.view.stats().lagMs).toBeGreaterThanOrEqual(10_000);
      expect(host.errors).toHaveLength(1);
      expect(host.errors[0]).toMatchObject({ code: 'FOLDERS', cause: expect.objectContaining({ code }) });
      const tried = files.calls.filter(({ call }) => call === 'openSync').length;
      // A full disk is tried with one file, anything else may concern that file alone.
      if (code !== 'EACCES') expect(tried).toBeLessThan(40);
      broken = false;
      await host.clock.advance(60_000);
      expect(await host.differences()).toEqual([]);
      expect(host.view.stats()).toMatchObject({ dirty: 0, lagMs: 0 });
    },
  );

  it.each([
    ['writeSync', 'ENOSPC'],
    ['fstatSync', 'EIO'],
    ['renameSync', 'EPERM'],
    ['unlinkSync', 'EACCES'],
    ['lstatIfAnySync', 'EACCES'],
    ['lstatIfAnySync', 'EIO'],
  ] as const)('%s fails with %s now and then: nothing is left behind', async (broken, code) => {
    const files = faultyFiles((call, _args, n) => (call === broken && n % 5 === 4 ? code : undefined));
    const host = await started({ files });
    await host.add(ids(30));
    await host.settle();
    await host.complete(await host.claim(15));
    await host.settle();
    files.plan = undefined;
    await host.clock.advance(61_000);
    await host.settle();
    expect(await host.differences()).toEqual([]);
    expect(host.engine.asked).toEqual([]);
    expect(host.quarantined()).toEqual([]);
    expect(host.errors.length).toBeGreaterThan(0);
  });

  it('the files of removed jobs cannot go: they go later', async () => {
    const files = faultyFiles();
    const host = await started({ files });
    await host.add(ids(3));
    await host.settle();
    files.plan = (call) => (call === 'unlinkSync' ? 'EACCES' : undefined);
    await host.engine.change({ change: { action: 'remove' }, target: { ids: ids(3) } });
    await host.settle();
    expect(host.names()).toHaveLength(3);
    files.plan = undefined;
    await host.clock.advance(61_000);
    await host.settle();
    expect(host.names()).toEqual([]);
  });

  it('reports each kind once per minute', async () => {
    const files = faultyFiles((call) => (call === 'renameSync' ? 'EACCES' : undefined));
    const host = await started({ files });
    await host.add(ids(10));
    await host.settle();
    expect(host.errors).toHaveLength(1);
    await host.clock.advance(59_000);
    expect(host.errors).toHaveLength(1);
    await host.clock.advance(31_000);
    expect(host.errors).toHaveLength(2);
  });

  it('ends a flush although some files cannot be written, and says how many', async () => {
    const files = faultyFiles((call, [, to]) =>
      call === 'renameSync' && String(to).endsWith('j3.json') ? 'EACCES' : undefined,
    );
    const host = await started({ files });
    await host.add(ids(5));
    expect(await host.view.flush()).toBe(1);
    expect(host.names().filter((name) => name.endsWith('.json'))).toHaveLength(4);
    files.plan = (call) => (call === 'writeSync' ? 'ENOSPC' : undefined);
    await host.add(ids(7, 'x'));
    expect(await host.view.flush()).toBe(8);
    files.plan = undefined;
    expect(await host.view.flush()).toBe(0);
    expect(await host.differences()).toEqual([]);
  });

  it('leaves no temporary file', async () => {
    const files = faultyFiles((call, _args, n) => (call === 'writeSync' && n === 0 ? 'ENOSPC' : undefined));
    const host = await started({ files });
    await host.add(['a']);
    await host.settle();
    expect(host.names()).toEqual([]);
  });

  it('goes on when a quarantine cannot be written, and puts the file away later', async () => {
    const files = faultyFiles();
    const host = await started({ files });
    await host.add(['a', 'b']);
    await host.settle();
    files.plan = (call, [path]) => (call === 'openSync' && String(path).includes('quarantine') ? 'ENOSPC' : undefined);
    writeFileSync(host.path('pending', 'a'), JSON.stringify({ ...host.read('pending', 'a'), type: 'other' }));
    await host.notice();
    await host.complete(await host.claim(2));
    await host.settle();
    expect(host.names()).toEqual(['completed/b.json', 'pending/a.json']);
    expect(host.engine.asked).toEqual([]);
    files.plan = undefined;
    await host.clock.advance(60_000);
    await host.settle();
    expect(host.quarantined()).toEqual(['OUTDATED pending/a.json']);
    expect(await host.differences()).toEqual([]);
  });
});

describe('a folder that cannot be watched', () => {
  it('is polled, and watched again when that is possible', async () => {
    let broken = true;
    const files = faultyFiles((call) => (call === 'watch' && broken ? 'ENOSPC' : undefined));
    const host = await started({ files });
    await host.add(['a']);
    await host.settle();
    expect(host.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/cannot be watched, so it is polled/),
    ]);
    mkdirSync(join(host.layout.root, 'elsewhere'));
    writeFileSync(host.path('pending', 'b'), JSON.stringify({ id: 'b', type: 'a', status: 'pending', data: 1 }));
    await host.until('b is adopted', () => host.engine.asked.includes('adopt b pending'));
    const watched = (): number => files.calls.filter(({ call }) => call === 'watch').length;
    const before = watched();
    broken = false;
    await host.until('all four are watched', () => watched() === before + 4);
    await host.clock.advance(10_000);
    expect(watched()).toBe(before + 4);
  });
});

describe('a storm', () => {
  it('of twenty thousand changes ends with folders that show the index', async () => {
    const host = await started({ table: new JobTable() });
    await host.add(ids(4_000));
    for (let round = 0; round < 4; round++) {
      const held = await host.claim(2_000);
      await host.complete(held.slice(0, 900));
      await host.fail(held.slice(900, 1_500));
      if (round % 2 === 0) await host.clock.advance(30);
      await host.engine.settle(held.slice(1_500).map((job) => ({ ...job, outcome: 'released' })));
      await host.engine.change({ change: { action: 'retry' }, target: { filter: { status: 'failed' } } });
    }
    expect(host.engine.table.seq).toBeGreaterThan(20_000);
    await host.settle();
    expect(await host.differences()).toEqual([]);
    expect(host.view.stats()).toMatchObject({ dirty: 0 });
    expect(host.engine.asked).toEqual([]);
    expect(readdirSync(host.layout.quarantine)).toEqual([]);
  }, 120_000);
});
