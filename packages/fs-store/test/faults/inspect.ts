/** Compares a store, its folders and its archive with what they must show. Each difference is one sentence. */
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { JOB_STATUSES, type Job, type JobStatus, type JobStore } from '@leviathan/core';
import type { MemoryFiles } from '../support/memory-files';
import { isSelfMade, unityFaults } from '../support/unities';
import type { Expected } from './expected';
import type { ExpectedJob } from './expected-job';

/** All jobs. */
async function allJobs(store: JobStore): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next;
    if (cursor === undefined) return jobs;
  }
}

/** What is wrong with the jobs of a store. `archived`: jobs that may have left it. */
export async function wrongJobs(store: JobStore, expected: Expected, archived: Map<string, Job>): Promise<string[]> {
  const wrong: string[] = [];
  const jobs = new Map((await allJobs(store)).map((job) => [job.id, job]));
  for (const want of expected.jobs.values()) {
    const job = jobs.get(want.id) ?? archived.get(want.id);
    if (job) wrong.push(...differences(want, job));
    else if (!want.mayLack) wrong.push(`job ${want.id} is lost`);
  }
  for (const id of expected.absent)
    if (jobs.has(id)) wrong.push(`job ${id} is there although it was refused or removed`);
  const known = (id: string): boolean => expected.jobs.has(id) || expected.absent.has(id);
  const unknown = [...jobs.values()].filter((job) => !known(job.id) && !isSelfMade(job));
  for (const data of expected.nameless) {
    const found = unknown.filter((job) => isDeepStrictEqual(job.data, data));
    if (found.length !== 1) wrong.push(`the file with ${JSON.stringify(data)} is ${found.length} jobs`);
  }
  for (const { id, data } of unknown) {
    if (!expected.nameless.some((known) => isDeepStrictEqual(known, data))) wrong.push(`nobody asked for job ${id}`);
  }
  const counts = await store.counts();
  for (const status of JOB_STATUSES) {
    const there = [...jobs.values()].filter((job) => job.status === status).length;
    if (counts[status] !== there) wrong.push(`${there} jobs are ${status}, ${counts[status]} are counted`);
  }
  const paused = new Set([...counts.paused.types, ...(counts.paused.all ? ['*'] : [])]);
  if (!isDeepStrictEqual(paused, expected.paused)) wrong.push(`paused: ${[...paused]}, not ${[...expected.paused]}`);
  return wrong;
}

/** What is there without its other half: see `unityFaults`. @param now Epoch milliseconds. */
export async function brokenUnities(store: JobStore, now: number): Promise<string[]> {
  return unityFaults(store, await allJobs(store), now);
}

function differences(want: ExpectedJob, job: Job): string[] {
  const wrong: string[] = [];
  const note = (what: string, is: unknown, must: unknown): void => {
    wrong.push(`${what} of job ${want.id} is ${JSON.stringify(is)}, not ${JSON.stringify(must)}`);
  };
  const statuses = new Set<JobStatus>(want.statuses);
  if (want.mayExpire && statuses.has('pending')) statuses.add('failed');
  if (!statuses.has(job.status)) note('status', job.status, [...statuses]);
  if (!want.attempts.has(job.attempt)) note('attempt', job.attempt, [...want.attempts]);
  if (!isDeepStrictEqual(job.data, want.data)) note('data', job.data, want.data);
  if (want.priority !== undefined && job.priority !== want.priority) note('priority', job.priority, want.priority);
  if (!isDeepStrictEqual(job.tags ?? [], want.tags)) note('tags', job.tags, want.tags);
  if (want.statuses.size === 1 && job.status === 'completed' && !isDeepStrictEqual(job.result, want.result))
    note('result', job.result, want.result);
  if (want.checkpoint !== undefined && !isDeepStrictEqual(job.metadata.checkpoint, want.checkpoint))
    note('checkpoint', job.metadata.checkpoint, want.checkpoint);
  return wrong;
}

/** What is wrong with the four folders. `some`: not every job must have a file. */
export async function wrongFolders(
  store: JobStore,
  files: MemoryFiles,
  root: string,
  some: boolean,
): Promise<string[]> {
  const wrong: string[] = [];
  const jobs = new Map((await allJobs(store)).map((job) => [job.id, job]));
  const seen = new Set<string>();
  for (const status of JOB_STATUSES) {
    for (const { path, text } of files.texts(`${root}/${status}`)) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const id = name.replace(/\.json$/, '');
      const job = jobs.get(id);
      if (!job || job.status !== status)
        wrong.push(`${status}/${name} stands there, the job is ${job?.status ?? 'gone'}`);
      else if (!isDeepStrictEqual(JSON.parse(text), job))
        wrong.push(`${status}/${name} does not show the job as it is`);
      seen.add(id);
    }
  }
  if (!some) for (const id of jobs.keys()) if (!seen.has(id)) wrong.push(`job ${id} has no file`);
  return wrong;
}

/** The newest line of each job in the archive. */
export function archivedJobs(files: MemoryFiles, root: string): Map<string, Job> {
  const jobs = new Map<string, Job>();
  for (const { name } of files.readdirSync(`${root}/archive`)) {
    if (name.endsWith('.tmp')) continue;
    const fd = files.openSync(`${root}/archive/${name}`, 'read');
    const bytes = Buffer.alloc(files.fstatSync(fd).size);
    files.readSync(fd, bytes, 0, bytes.length, 0);
    files.closeSync(fd);
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const job = JSON.parse(line) as Job;
      jobs.set(job.id, job);
    }
  }
  return jobs;
}
