import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { JOB_STATUSES, type Job, type JobStore, systemClock } from '@leviathan/core';
import { jobOf } from '@leviathan/core/engine';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { type Files, nodeFiles } from '../src/files';
import { type FsStore, fsStore } from '../src/fs-store';
import { recover } from '../src/recovery';
import { bundle } from '../src/testing/bundle';
import { eventually } from '../src/testing/eventually';
import { randomFrom, testSeed } from '../src/testing/random';
import { tempDir } from '../src/testing/temp-dir';
import type { Birth } from './kill/mortal-child';
import { RandomWork } from './random-work';

const READER = join(import.meta.dirname, '../../../docs/reader/read_store.py');
const SMALL = { segmentBytes: 8_000, snapshotBytes: 60_000, retention: { completed: { count: 40 } } };

describe('docs/reader/read_store.py, written from docs/on-disk-format.md alone', () => {
  it('computes the state of every job, field by field, as the store lists it', {
    timeout: 120_000,
  }, async (context) => {
    context.skip(!hasPython(), 'python3 is not installed');
    const seed = testSeed();
    console.log(`reader test, seed ${seed} (LEVIATHAN_SEED=${seed} runs it again)`);
    const root = join(tempDir(), 'jobs');
    dropFinishedJob(root);
    const clock = new FakeClock();
    const work = new RandomWork(randomFrom(seed), clock);

    for (let round = 0; round < 3; round++) {
      const store = fsStore({ root, clock, durability: 'process', ...SMALL });
      await store.open();
      for (let burst = 0; burst < 3; burst++) {
        await work.run(store, 120);
        // Progress is recorded once a second: then the journal holds all that the store knows.
        await clock.advance(2_000);
        expect(read(root)).toEqual({ jobs: await everything(store), findings: [] });
      }
      if (round < 2) await store.tidy();
      await store.close();

      const { jobs, findings } = read(root);
      expect(findings).toEqual([]);
      expect(jobs.length).toBeGreaterThan(50);
      expect(filesOf(root)).toEqual(new Map(jobs.map((job) => [`${job.status}/${job.id}.json`, job])));
    }

    const names = readdirSync(join(root, 'journal'));
    expect(names.filter((name) => /^snapshot-\d{16}\.ndjson$/.test(name)).length).toBeGreaterThan(0);
    expect(names.filter((name) => name.endsWith('.ndjson.gz')).length).toBeGreaterThan(3);
    expect(work.opsSeen(root)).toEqual(new Set(work.allOps));
    // The whole history tells the same as the newest snapshot and what came since.
    const { jobs } = read(root);
    for (const name of names) if (name.startsWith('snapshot-')) rmSync(join(root, 'journal', name));
    expect(read(root)).toEqual({ jobs, findings: [] });
  });

  it.for(['process', 'power'] as const)(
    'makes the same of a damaged journal as the store (%s)',
    { timeout: 60_000 },
    async (durability, context) => {
      context.skip(!hasPython(), 'python3 is not installed');
      const seed = testSeed();
      console.log(`damage test, seed ${seed} (LEVIATHAN_SEED=${seed} runs it again)`);
      const random = randomFrom(seed);
      const dir = tempDir();
      const root = join(dir, 'jobs');
      const clock = new FakeClock();
      const store = fsStore({ root, clock, durability, ...SMALL });
      await new RandomWork(random, clock).run(store, 400);
      await store.close();

      let faults = 0;
      // Damage of what a snapshot makes superfluous is no fault: at least 12 rounds, and as many as it takes to see enough of them.
      for (let round = 0; round < 12 || (faults <= 3 && round < 200); round++) {
        const copy = join(dir, `copy-${round}`);
        cpSync(join(root, 'journal'), join(copy, 'journal'), { recursive: true });
        for (let times = 1 + random.below(3); times > 0; times--) damage(join(copy, 'journal'), random);
        const { jobs, findings } = read(copy);
        const recovered = await recoverFrom(copy);
        expect(jobs, `round ${round}`).toEqual(recovered.jobs);
        expect(findings.length > 0, `round ${round}: ${findings}`).toBe(recovered.findings > 0);
        if (findings.length > 0) faults++;
        rmSync(copy, { recursive: true });
      }
      expect(faults).toBeGreaterThan(3);
    },
  );

  it('makes nothing of a journal whose beginning never reached the disk, as the store', {
    timeout: 60_000,
  }, async (context) => {
    context.skip(!hasPython(), 'python3 is not installed');
    for (const durability of ['process', 'power'] as const) {
      const root = join(tempDir(), 'jobs');
      // At process nobody waits for the sync of a full segment: the power may go before it.
      let hasPower = true;
      const fsync: Files['fsync'] = (fd) => (hasPower ? nodeFiles.fsync(fd) : Promise.reject(new Error('no power')));
      const store = fsStore({ root, durability, files: { ...nodeFiles, fsync }, segmentBytes: 2_000 });
      await store.open();
      hasPower = durability === 'power';
      for (let n = 0; n < 20; n++) await store.add([{ type: 'even', data: n }]);
      const copy = join(tempDir(), 'copy');
      cpSync(join(root, 'journal'), join(copy, 'journal'), { recursive: true });
      await store.close();
      rmSync(join(copy, 'journal', firstSegment(copy)));
      const { jobs, findings } = read(copy);
      expect(jobs).toEqual((await recoverFrom(copy)).jobs);
      // What was promised to be on the device is known to have been there: then it is damage, and the rest is kept.
      expect(jobs.length > 0).toBe(durability === 'power');
      expect(findings.length).toBeGreaterThan(0);
    }
  });

  it('reads a snapshot that was written while jobs went on', { timeout: 60_000 }, async (context) => {
    context.skip(!hasPython(), 'python3 is not installed');
    const root = join(tempDir(), 'jobs');
    const store = fsStore({ root, durability: 'process' });
    const added = await store.add(Array.from({ length: 6_000 }, (_, n) => ({ type: 'even', data: n })));
    let isOver = false;
    const tidying = tidyUntilFuzzy(store, root).finally(() => {
      isOver = true;
    });
    // Jobs that the snapshot has passed already, and jobs that it comes to later.
    for (let turn = 0; !isOver; turn++) {
      const ids = [0, 2_000, 4_000].map((start) => added[(start + turn) % added.length]?.id as string);
      await store.change({ change: { action: 'reprioritise', priority: 1 + (turn % 10) }, target: { ids } });
      if (turn % 8 === 0) {
        const claims = await store.claim({ worker: 'w', limit: 1, wait: false });
        await store.settle(
          claims.map(({ job, token }) => ({ id: job.id, token, outcome: 'completed', result: token })),
        );
        await store.change({ change: { action: 'remove' }, target: { ids: ids.slice(2) } });
      }
      await new Promise(setImmediate);
    }
    expect(await tidying, 'records were written while a snapshot was').toBe(true);
    expect(read(root)).toEqual({ jobs: await everything(store), findings: [] });
    await store.close();
  });

  it('reads what a killed process left', { timeout: 60_000 }, async (context) => {
    context.skip(!hasPython(), 'python3 is not installed');
    const dir = tempDir();
    const root = join(dir, 'jobs');
    await runAndKill(dir, root);

    const found = read(root);
    const { jobs: recovered } = await recoverFrom(root);
    expect(recovered.length).toBeGreaterThan(20);
    expect(found.jobs).toEqual(recovered);
    // A line that the kill cut off was never acknowledged.
    const torn = join(dir, 'torn');
    cpSync(root, torn, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    appendFileSync(lastSegment(torn), '01234567\t{"seq":99');
    expect(read(torn).jobs).toEqual(recovered);
    expect(read(torn).findings).toHaveLength(1);

    const store = fsStore({ root, retention: { completed: { count: 1e6 } } });
    while ((await store.counts()).active > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(read(root)).toEqual({ jobs: await everything(store), findings: [] });
    await store.close();
  });
});

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function read(root: string): { jobs: Job[]; findings: string[] } {
  return JSON.parse(execFileSync('python3', [READER, root], { encoding: 'utf8', maxBuffer: 1 << 28 }));
}

async function everything(store: JobStore): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next;
    if (cursor === undefined) return jobs;
  }
}

function filesOf(root: string): Map<string, Job> {
  const files = new Map<string, Job>();
  for (const status of JOB_STATUSES) {
    for (const name of readdirSync(join(root, status)))
      files.set(`${status}/${name}`, JSON.parse(readFileSync(join(root, status, name), 'utf8')));
  }
  return files;
}

/** A finished job that is in no journal yet, as a backup of the folders holds it. */
function dropFinishedJob(root: string): void {
  mkdirSync(join(root, 'completed'), { recursive: true, mode: 0o700 });
  const times = { created: '2025-01-30T12:00:00.000Z', updated: '2025-01-30T12:00:01.000Z' };
  const job = {
    id: 'from-a-backup',
    type: 'even',
    status: 'completed',
    priority: 3,
    data: [1, 'ü'],
    result: { a: null },
  };
  const run = { rev: 7, attempt: 2, maxAttempts: 3, maxCrashes: 3, finished: times.updated, worker: 'w' };
  writeFileSync(join(root, 'completed/from-a-backup.json'), JSON.stringify({ ...job, ...times, ...run }));
}

/** Takes snapshots until records came in between the beginning and the end of one. */
async function tidyUntilFuzzy(store: FsStore, root: string): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    await store.tidy();
    const names = readdirSync(join(root, 'journal')).filter((file) => file.startsWith('snapshot-'));
    const name = names.sort().at(-1) as string;
    const snapshot = readFileSync(join(root, 'journal', name), 'utf8');
    if (Number(/"op":"end","to":(\d+)/.exec(snapshot)?.[1]) > Number(name.slice(9, 25))) return true;
  }
  return false;
}

/** What the store itself recovers, before it goes on. */
async function recoverFrom(root: string): Promise<{ jobs: Job[]; findings: number }> {
  const dir = join(root, 'journal');
  const { table, findings } = await recover(nodeFiles, dir, systemClock);
  const read = (file: string, offset: number, length: number): string =>
    readFileSync(join(dir, file)).toString('utf8', offset, offset + length);
  const jobs = [...table.entries.ascending()].map((entry) => jobOf(entry, { read }));
  return { jobs: JSON.parse(JSON.stringify(jobs)), findings: findings.length };
}

/** Flips a byte, cuts, doubles or zeroes a stretch of a file, or removes it. */
function damage(dir: string, random: { below(limit: number): number }): void {
  const names = readdirSync(dir).filter((name) => name.includes('.ndjson'));
  // Mostly the files that a replay needs.
  const needed = names.filter((name) => !name.endsWith('.gz'));
  const list = random.below(3) > 0 && needed.length > 0 ? needed : names;
  const path = join(dir, list[random.below(list.length)] as string);
  const bytes = readFileSync(path);
  const [from, length] = [random.below(bytes.length), 1 + random.below(400)];
  const what = random.below(6);
  // How much of a damaged archive unpacks differs between readers.
  if (what === 0 || path.endsWith('.gz')) rmSync(path);
  else if (what === 1) writeFileSync(path, bytes.subarray(0, from));
  else if (what === 2) writeFileSync(path, Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]));
  else if (what === 3) writeFileSync(path, Buffer.concat([bytes, bytes.subarray(from, from + length)]));
  else if (what === 4) writeFileSync(path, bytes.fill(0, from, Math.min(from + length, bytes.length)));
  else {
    bytes[from] = (bytes[from] as number) ^ 1;
    writeFileSync(path, bytes);
  }
}

async function runAndKill(dir: string, root: string): Promise<void> {
  const program = await bundle('../../test/kill/mortal-child', dir);
  const evidence = join(dir, 'evidence');
  const birth: Birth = { name: 'p1', evidence, seed: 7, role: 'both', store: { root, durability: 'process' } };
  const child = fork(program, [JSON.stringify(birth)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  // In the middle of its work, whatever that is at the time.
  await eventually('it has worked', () => existsSync(evidence) && statSync(evidence).size > 100_000);
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function lastSegment(root: string): string {
  return join(root, 'journal', segmentsOf(root).at(-1) as string);
}

function firstSegment(root: string): string {
  return segmentsOf(root)[0] as string;
}

function segmentsOf(root: string): string[] {
  return readdirSync(join(root, 'journal'))
    .filter((name) => /^\d{16}\.ndjson$/.test(name))
    .sort();
}
