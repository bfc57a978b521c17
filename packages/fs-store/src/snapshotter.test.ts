import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from './files';
import { Snapshotter, type SnapshotterOptions } from './snapshotter';
import { faultyFiles } from './testing/faults';
import { type HostOptions, type JournalHost, openHost, stateOf } from './testing/journal-host';
import { tempDir } from './testing/temp-dir';

const FOREVER = { days: 36_500, bytes: Number.MAX_SAFE_INTEGER };

interface SetUp extends HostOptions {
  snapshotBytes?: number;
  options?: Partial<SnapshotterOptions>;
}

async function setUp({ snapshotBytes = Number.MAX_SAFE_INTEGER, options = {}, ...hostOptions }: SetUp = {}) {
  const dir = tempDir();
  const errors: unknown[] = [];
  const host = await openHost(dir, { memoryBytes: 0, segmentBytes: 5_000, ...hostOptions });
  const { table, bodies, journal, log, clock } = host;
  const snapshotter = new Snapshotter(
    {
      ...{ files: nodeFiles, dir, table, bodies, journal, log, clock, snapshotBytes, audit: FOREVER },
      settleFolders: async () => [],
      onError: (error) => errors.push(error),
      ...options,
    },
    0,
  );
  return { dir, host, snapshotter, errors };
}

let number = 0;

/** Adds so many jobs, one record each, with about 200 bytes of data. */
async function addJobs({ store }: JournalHost, count: number): Promise<string[]> {
  const specs = Array.from({ length: count }, () => ({
    id: `j${++number}`,
    type: 'a',
    data: `${number} ${'x'.repeat(200)}`,
  }));
  for (const spec of specs) await store.add([spec]);
  return specs.map(({ id }) => id);
}

/** The same jobs, and gone again: nothing but past. */
async function passJobs(host: JournalHost, count: number): Promise<void> {
  for (const id of await addJobs(host, count)) {
    await host.store.change({ change: { action: 'remove' }, target: { ids: [id] } });
  }
}

const named = (dir: string, pattern: RegExp): string[] =>
  readdirSync(dir)
    .filter((name) => pattern.test(name))
    .sort();
const snapshots = (dir: string) => named(dir, /^snapshot-.*\.ndjson$/);
const plain = (dir: string) => named(dir, /^\d+\.ndjson$/);
const packed = (dir: string) => named(dir, /^\d+\.ndjson\.gz$/);

describe('a snapshot is taken', () => {
  it('once so many bytes of the journal tell only of the past, and not before', async () => {
    const { dir, host, snapshotter } = await setUp({ snapshotBytes: 10_000 });
    while (host.log.size < 9_000) await passJobs(host, 1);
    snapshotter.check();
    await snapshotter.finish({ hurry: true });
    expect(snapshots(dir)).toEqual([]);

    const second = await setUp({ snapshotBytes: 10_000 });
    while (second.host.log.size < 10_000) await passJobs(second.host, 1);
    second.snapshotter.check();
    expect(second.host.log.size).toBe(0);
    await second.snapshotter.finish({ hurry: true });
    expect(snapshots(second.dir)).toHaveLength(1);
  });

  it('never for jobs that are added and wait: it would be as large as what it spares', async () => {
    const { dir, host, snapshotter } = await setUp({ snapshotBytes: 1_000 });
    await addJobs(host, 100);
    snapshotter.check();
    await snapshotter.take();
    await addJobs(host, 100);
    snapshotter.check();
    await snapshotter.finish({ hurry: true });
    expect(snapshots(dir)).toHaveLength(1);
  });

  it('for jobs that went since the last one, too', async () => {
    const { dir, host, snapshotter } = await setUp({ snapshotBytes: 20_000 });
    const ids = await addJobs(host, 100);
    await snapshotter.take();
    await host.store.change({ change: { action: 'remove' }, target: { ids } });
    snapshotter.check();
    await snapshotter.finish({ hurry: true });
    expect(snapshots(dir)).toHaveLength(2);
  });

  it('one at a time', async () => {
    const { dir, host, snapshotter } = await setUp();
    await addJobs(host, 5);
    const first = snapshotter.take();
    expect(snapshotter.take()).toBe(first);
    await first;
    expect(snapshots(dir)).toHaveLength(1);
  });

  it('not again when nothing happened since', async () => {
    const { dir, host, snapshotter } = await setUp();
    await addJobs(host, 5);
    await snapshotter.take();
    const [name] = snapshots(dir) as [string];
    truncateSync(join(dir, name), 10);
    await snapshotter.take();
    expect(readFileSync(join(dir, name)).length).toBe(10);
  });

  it('after the folders are up to date', async () => {
    let settled = 0;
    const { dir, host, snapshotter } = await setUp({
      options: {
        settleFolders: async () => {
          settled++;
          throw new Error('not yet');
        },
      },
    });
    await addJobs(host, 5);
    await expect(snapshotter.take()).rejects.toThrow('not yet');
    expect({ settled, snapshots: snapshots(dir) }).toEqual({ settled: 1, snapshots: [] });
  });

  it('at close when a replay would take long, unless in a hurry', async () => {
    for (const { records, hurry, taken } of [
      { records: 10_000, hurry: false, taken: 0 },
      { records: 10_001, hurry: true, taken: 0 },
      { records: 10_001, hurry: false, taken: 1 },
    ]) {
      const { dir, host, snapshotter } = await setUp({ segmentBytes: 1 << 26 });
      await host.store.add(Array.from({ length: records }, (_, i) => ({ id: `j${i}`, type: 'a', data: 0 })));
      await snapshotter.finish({ hurry });
      expect(snapshots(dir), `${records} records, ${hurry ? 'in a hurry' : 'with time'}`).toHaveLength(taken);
    }
  });

  it('no more once the store closes, and an error of one does no harm', async () => {
    const files = faultyFiles((call) => (call === 'fsync' ? 'EIO' : undefined));
    const { dir, host, snapshotter, errors } = await setUp({ snapshotBytes: 1, options: { files } });
    await passJobs(host, 5);
    snapshotter.check();
    await snapshotter.finish({ hurry: true });
    expect(errors).toMatchObject([{ code: 'EIO' }]);
    files.plan = undefined;
    await passJobs(host, 5);
    snapshotter.check();
    await snapshotter.finish({ hurry: true });
    expect(snapshots(dir)).toEqual([]);
  });

  it('and given up when the folder is not ours any more', async () => {
    const { dir, host, snapshotter } = await setUp();
    await addJobs(host, 5);
    await snapshotter.take();
    const before = readdirSync(dir).sort();
    await addJobs(host, 5);
    const taken = snapshotter.take();
    snapshotter.abandon();
    await expect(taken).rejects.toMatchObject({ code: 'CLOSED' });
    expect(
      readdirSync(dir)
        .filter((name) => !/^\d/.test(name))
        .sort(),
    ).toEqual(before.filter((name) => !/^\d/.test(name)));
  });
});

describe('with a snapshot', () => {
  it('the two newest stay', async () => {
    const { dir, host, snapshotter } = await setUp();
    for (let round = 0; round < 4; round++) {
      await addJobs(host, 3);
      await snapshotter.take();
    }
    const from = (seq: number): string => `snapshot-${String(seq).padStart(16, '0')}.ndjson`;
    expect(snapshots(dir)).toEqual([from(9), from(12)]);
  });

  it('segments before it are compressed, and waiting jobs are read from the snapshot', async () => {
    const { dir, host, snapshotter } = await setUp();
    await addJobs(host, 100);
    await host.store.change({ change: { action: 'edit', patch: { data: 'edited' } }, target: { ids: [`j${number}`] } });
    expect(plain(dir).length).toBeGreaterThan(5);
    const before = stateOf(host);
    await snapshotter.take();
    await snapshotter.tended();
    expect(plain(dir)).toHaveLength(1);
    expect(packed(dir).length).toBeGreaterThan(4);
    const files = [...host.table.entries.values()].map(({ dataFile }) => dataFile);
    expect([...new Set(files)]).toEqual(snapshots(dir));
    expect(stateOf(host)).toEqual(before);
  });

  it('texts are read where they are after any number of snapshots, edits and settlements', async () => {
    const { dir, host, snapshotter } = await setUp();
    const known = new Map<string, string>();
    const results = new Map<string, string>();
    for (let round = 0; round < 6; round++) {
      for (const id of await addJobs(host, 20)) known.set(id, JSON.stringify((await host.store.get([id]))[0]?.data));
      const taken = snapshotter.take();
      const edited = [...known.keys()].filter((id) => host.table.entries.get(id)?.status === 'pending')[
        round
      ] as string;
      const patch = { data: `edited in round ${round}` };
      await host.store.change({ change: { action: 'edit', patch }, target: { ids: [edited] } });
      known.set(edited, JSON.stringify(patch.data));
      for (const { job, token } of await host.store.claim({ worker: 'w', limit: 3, wait: false })) {
        await host.store.settle([{ id: job.id, token, outcome: 'completed', result: { round } }]);
        results.set(job.id, JSON.stringify({ round }));
      }
      await taken;
    }
    const jobs = await host.store.get([...known.keys()]);
    expect(jobs.map((job) => JSON.stringify(job?.data))).toEqual([...known.values()]);
    for (const [id, result] of results) {
      expect(JSON.stringify((await host.store.get([id]))[0]?.result)).toBe(result);
    }
    expect(results.size).toBe(18);
    // Nothing was answered from memory, and what was read is on disk still.
    expect([...host.table.entries.values()].every(({ data }) => data === undefined)).toBe(true);
    expect(snapshots(dir)).toHaveLength(2);
  });

  it('history past its time goes, but never what the older snapshot needs', async () => {
    const { dir, host, snapshotter } = await setUp({ options: { audit: { days: 0, bytes: 0 } } });
    await addJobs(host, 60);
    await snapshotter.take();
    await snapshotter.tended();
    await addJobs(host, 60);
    await snapshotter.take();
    await snapshotter.tended();
    const live = stateOf(host);
    const [, newer] = snapshots(dir) as [string, string];
    expect(packed(dir)[0]).not.toBe('0000000000000001.ndjson.gz');
    await host.kill();
    truncateSync(join(dir, newer), 100);
    const again = await openHost(dir);
    expect(again.recovered.findings).toMatchObject([{ kind: 'snapshot', file: newer }]);
    expect(stateOf(again)).toEqual(live);
  });
});
