/**
 * Opens what a crash left as a process does, looks at it, works with it, closes it, and opens it again.
 *
 * @module
 */
import { JOB_STATUSES, type Job, type JobStore, LeviathanError } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { checkChain } from '../../src/doctor-chain';
import { errorCode } from '../../src/files';
import { type FsStore, fsStore } from '../../src/fs-store';
import { serialiseJob } from '../../src/job-file';
import type { FsStoreOptions } from '../../src/options';
import { isSelfMade, unityFaults } from '../support/unities';
import { auditFaults, unzip } from './audit';
import type { Disk } from './disk';
import { diskFiles } from './disk-files';
import { Machine } from './machine';
import { Kernel, memoryHost } from './memory-host';
import { fresh, optionsOf, PAUSE, type Seen, type SeenText, seenText } from './seen';
import { pauseId, scheduleId } from './steps';

/** Where the stores stand on the disks. */
export const STORE_ROOT = '/home/jobs';

/** What a store shows. */
export interface Observation {
  jobs: Map<string, SeenText>;
  /** What the archive has of each job. */
  archived: Map<string, SeenText[]>;
  /** Jobs of which a file stood in one of the folders when the store was opened. */
  filed: Set<string>;
}

/** How to look at it. */
export interface InspectOptions {
  store: FsStoreOptions;
  durability: 'power' | 'process';
  /** Epoch milliseconds: later than everything on the disk. */
  now: number;
  /** Nothing may be lost, so nothing may be reported as lost. */
  isLossless: boolean;
  /** A snapshot is taken as well, and what lies behind it compressed. */
  tidies: boolean;
}

/** A store on a disk, and the time in it. */
interface Session {
  store: FsStore;
  machine: Machine;
  clock: FakeClock;
  folderClock: FakeClock;
  errors: unknown[];
  /** Ends it as the end of its process does. */
  kill(): void;
}

/**
 * Looks at it and leaves the disk changed. `judge` says what is wrong with what the store shows when it opens. States that the opening
 * makes the same go on the same: `isNew` tells whether this one, as it is then, is to be worked with.
 */
export async function inspect(
  disk: Disk,
  options: InspectOptions,
  judge: (seen: Observation) => string[],
  isNew: (disk: Disk) => boolean,
): Promise<string[]> {
  const filed = filedJobs(disk);
  const machine = new Machine(disk, () => options.now, undefined, false);
  const faults: string[] = await chainFaults(machine);
  const first = await openSession(machine, options);
  const look = async (): Promise<Job[]> => {
    const jobs = await allJobs(first.store);
    faults.push(...judge({ jobs: await stateOf(first.store, jobs), archived: archiveOf(disk, faults), filed }));
    return jobs;
  };
  let jobs = await look();
  if (options.store.retention) {
    // What is past its retention goes now, and has no file before that.
    await first.clock.advance(50);
    await first.folderClock.advance(50);
    await rest(machine);
    jobs = await look();
  }
  if (options.isLossless) {
    await checkHealth(first.store, faults);
    faults.push(...auditFaults(disk, `${STORE_ROOT}/journal`));
    faults.push(...(await unityFaults(first.store, jobs, options.now)));
  }
  faults.push(...folderFaults(disk, jobs, options.store.pendingFiles));
  faults.push(...(await chainFaults(machine)));
  faults.push(...unexpected(first.errors));
  if (faults.length > 0 || !isNew(disk)) first.kill();
  else await goOn(first, options, faults);
  return faults;
}

/** Works with it, closes it, and opens it again: nothing is different then. */
async function goOn(first: Session, options: InspectOptions, faults: string[]): Promise<void> {
  const { machine } = first;
  await work(first.store, faults);
  if (options.tidies) await first.store.tidy();
  const before = await shownJobs(first.store);
  await first.store.close();

  const second = await openSession(machine, options);
  const jobs = await allJobs(second.store);
  const after = await stateOf(second.store, jobs);
  const archived = archiveOf(machine.disk, faults);
  for (const [id, was] of before) {
    const is = after.get(id);
    const isArchived = is === undefined && archived.get(id)?.includes(was);
    if (was !== is && !isArchived) faults.push(`${id}: after closing and opening again ${was} is ${is}`);
  }
  for (const id of after.keys()) if (!before.has(id)) faults.push(`${id}: is back after closing and opening again`);
  faults.push(...folderFaults(machine.disk, jobs, options.store.pendingFiles));
  faults.push(...(await chainFaults(machine)));
  faults.push(...unexpected(first.errors), ...unexpected(second.errors));
  second.kill();
}

/** Opens the store and waits until it has come to rest. */
async function openSession(machine: Machine, options: Omit<InspectOptions, 'tidies'>): Promise<Session> {
  const files = diskFiles(machine);
  const clock = new FakeClock(options.now);
  const folderClock = new FakeClock(options.now);
  const errors: unknown[] = [];
  const host = memoryHost(new Kernel(), files);
  const store = fsStore({
    ...options.store,
    root: STORE_ROOT,
    durability: options.durability,
    ...{ clock, folderClock, files, host, viewProgram: false },
    onError: (error) => errors.push(error),
  });
  await store.open();
  // Whoever reads sees what time has done since.
  await store.counts();
  await rest(machine);
  // Two files of one job are looked at twice, and a job whose parents are missing waits for them for half a second.
  await folderClock.advance(700);
  await rest(machine);
  const kill = (): void => {
    files.kill();
    host.kill();
    // Stops its timers; whatever it would write does not happen.
    store.close().catch(() => {});
  };
  return { store, machine, clock, folderClock, errors, kill };
}

/** A crash is no tampering: the hash chain fits what it left, and what was made of that. */
async function chainFaults(machine: Machine): Promise<string[]> {
  const { findings } = await checkChain(diskFiles(machine), `${STORE_ROOT}/journal`);
  return findings.map(({ code, path, message }) => `${code}: ${path}: ${message}`);
}

/** Errors that no disk causes. */
function unexpected(errors: readonly unknown[]): string[] {
  return errors.flatMap((error) =>
    error instanceof LeviathanError || errorCode(error) !== undefined
      ? []
      : [`an error inside: ${error instanceof Error ? error.stack : String(error)}`],
  );
}

/** Turns of the event loop without an operation after which nothing is under way: all waiting here is for turns. */
const QUIET = 4;

export async function rest(machine: Machine): Promise<void> {
  let seen = machine.count;
  for (let quiet = 0; quiet < QUIET; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (machine.count !== seen) quiet = 0;
    seen = machine.count;
  }
}

async function allJobs(store: JobStore): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
    jobs.push(...page.jobs);
    if (page.next === undefined) return jobs;
    cursor = page.next;
  }
}

/** What the store shows of its jobs. */
export async function shownJobs(store: JobStore): Promise<Map<string, SeenText>> {
  return stateOf(store, await allJobs(store));
}

async function stateOf(store: JobStore, all: readonly Job[]): Promise<Map<string, SeenText>> {
  const jobs = new Map(all.filter((job) => !isSelfMade(job)).map((job) => [job.id, seenJob(job)]));
  const { paused } = await store.counts();
  const marks: (string | undefined)[] = [...paused.types, ...(paused.all ? [undefined] : [])];
  for (const type of marks) jobs.set(pauseId(type), PAUSED);
  for (const { name } of await store.definitions('schedule')) jobs.set(scheduleId(name), PAUSED);
  return jobs;
}

const PAUSED = seenText({ ...fresh(PAUSE), data: true });

function seenJob(job: Job): SeenText {
  const { status, attempt, priority, data, result, reason, cancelling, skipped, metadata } = job;
  return seenText({
    ...{ status, attempt, priority, data: data as Seen['data'] },
    result: (result ?? null) as Seen['result'],
    reason: reason ?? null,
    cancelling: cancelling ?? false,
    held: job.held ?? false,
    skipped: skipped ?? false,
    checkpoint: metadata.checkpoint ?? null,
    steps: (metadata.steps ?? []).map(({ name }) => name),
    ...{ parent: job.parent ?? null, children: job.children ?? [] },
    options: optionsOf(job),
  });
}

async function checkHealth(store: JobStore, faults: string[]): Promise<void> {
  const { checks } = await store.health();
  for (const { name, status, message } of checks) {
    // A handler may have ignored its signal before its process died.
    if (status !== 'ok' && name !== 'workers') faults.push(`a crash that takes nothing is told as damage: ${message}`);
  }
}

/** What any program does with a store: adds, takes back what the dead ran, claims, settles. */
async function work(store: JobStore, faults: string[]): Promise<void> {
  const before = new Map((await allJobs(store)).map((job) => [job.id, job]));
  const dead = [...before.values()].flatMap(({ status, worker }) => (status === 'active' && worker ? [worker] : []));
  await store.takeBack([...new Set(dead)], 'crashed');
  for (const { id, status } of before.values()) {
    if (status === 'active') faults.push(...(await crashFaults(store, id)));
  }
  const [added] = await store.add([{ type: 'probe', data: 'after the crash' }]);
  if (!added?.added) faults.push('no job can be added after the crash');
  const lost = await store.claim({ worker: 'probe', limit: 1_000, wait: false });
  await store.takeBack(['probe'], 'released');
  const late = lost.map(({ job: { id }, token }) => ({ id, token, outcome: 'completed' as const, result: 'late' }));
  for (const { id, accepted } of await store.settle(late)) {
    if (accepted) faults.push(`${id}: the outcome of an attempt counts that was taken back`);
  }
  const claimed = await store.claim({ worker: 'probe', limit: 1_000, wait: false });
  const ids = new Set(claimed.map(({ job }) => job.id));
  if (lost.length !== claimed.length) faults.push(`of ${lost.length} jobs that were taken back ${claimed.length} run`);
  if (ids.size !== claimed.length) faults.push('a job is given to two at once');
  if (added && !ids.has(added.id)) faults.push('a job that was added after the crash is not given to anybody');
  for (const { job } of claimed) {
    const known = before.get(job.id);
    const { status, attempt = 0 } = known ?? {};
    if (known && JSON.stringify([known.type, known.data]) !== JSON.stringify([job.type, job.data])) {
      faults.push(`${job.id}: its handler is given ${JSON.stringify(job.data)}`);
    }
    if (status === 'completed' || status === 'failed') faults.push(`${job.id}: runs again although it was ${status}`);
    if (job.attempt !== attempt + 1) faults.push(`${job.id}: its attempt ${attempt} is followed by ${job.attempt}`);
  }
  const error = { name: 'Error', message: 'no' };
  const results = await store.settle(
    claimed.map(({ job: { id }, token }, n) =>
      n % 2 === 0
        ? { id, token, outcome: 'completed', result: 'done' }
        : { id, token, outcome: 'failed', reason: 'error', error },
    ),
  );
  for (const { id, accepted } of results) if (!accepted) faults.push(`${id}: its outcome is refused`);
}

/** What becomes of a job whose process died is as it says. */
async function crashFaults(store: JobStore, id: string): Promise<string[]> {
  const [job] = await store.get([id]);
  if (job?.onCrash === 'hold' && job.status === 'pending' && !job.held) return [`${id}: is not held after the crash`];
  return job?.onCrash === 'fail' && job.status !== 'failed' ? [`${id}: is ${job.status} after the crash`] : [];
}

/** The ids of jobs of which a file stands in a folder. */
function filedJobs(disk: Disk): Set<string> {
  return new Set(JOB_STATUSES.flatMap((status) => namesIn(disk, status).map((name) => name.replace(/\.json$/, ''))));
}

function namesIn(disk: Disk, folder: string): string[] {
  const node = disk.find(`${STORE_ROOT}/${folder}`);
  return node?.kind === 'folder' ? [...node.entries.keys()] : [];
}

function textOf(disk: Disk, path: string): string | undefined {
  const node = disk.find(`${STORE_ROOT}/${path}`);
  return node?.kind === 'file' ? node.content.bytes.toString() : undefined;
}

/** Each job has one file, in its folder and as it is; there are no others. */
function folderFaults(disk: Disk, jobs: readonly Job[], pendingFiles = Number.POSITIVE_INFINITY): string[] {
  const faults: string[] = [];
  const expected = new Map(jobs.map((job) => [`${job.status}/${job.id}.json`, job]));
  for (const status of JOB_STATUSES) {
    for (const name of namesIn(disk, status)) {
      const path = `${status}/${name}`;
      if (name.endsWith('.json') && !expected.has(path)) faults.push(`${path}: there is no such job`);
    }
  }
  // Room for a few is not worth looking for them.
  const hasRoom = namesIn(disk, 'pending').length < pendingFiles * 0.9;
  for (const [path, job] of expected) {
    const text = textOf(disk, path);
    if (text === undefined && job.status === 'pending' && !hasRoom) continue;
    if (text === undefined) faults.push(`${path}: has no file`);
    else if (text !== serialiseJob(job)) faults.push(`${path}: shows something else: ${text}`);
  }
  return faults;
}

function archiveOf(disk: Disk, faults: string[]): Map<string, SeenText[]> {
  const archived = new Map<string, SeenText[]>();
  for (const name of namesIn(disk, 'archive')) {
    const node = disk.find(`${STORE_ROOT}/archive/${name}`);
    if (node?.kind !== 'file' || !/\.ndjson(\.gz)?$/.test(name)) continue;
    const text = (name.endsWith('.gz') ? unzip(node.content) : node.content.bytes)?.toString();
    if (text === undefined) faults.push(`archive/${name}: cannot be unpacked`);
    for (const line of text?.split('\n') ?? []) {
      const job = jobIn(line);
      if (job) archived.set(job.id, [...(archived.get(job.id) ?? []), seenJob(job)]);
    }
  }
  return archived;
}

/** A line that a crash cut off holds nothing that anybody relies on. */
function jobIn(line: string): Job | undefined {
  try {
    const job = JSON.parse(line) as Partial<Job> | null;
    return typeof job?.id === 'string' ? (job as Job) : undefined;
  } catch {
    return undefined;
  }
}
