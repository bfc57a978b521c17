/** What stands in the store when all is over, and whether it is all in one piece. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { JOB_STATUSES, type Job, type JobStore } from '@leviathan/core';
import { doctor } from '../../src/doctor';
import { fsStore } from '../../src/fs-store';
import type { FsStoreOptions } from '../../src/options';
import type { Fault, FinalState } from './verdict';

type StoreOptions = FsStoreOptions & { root: string };

/** Real time (ms) without any change after which what is not done counts as stuck. */
const PATIENCE = 20_000;

/** Waits, as one more client, until no job is pending or active, for as long as anything changes. */
export async function waitUntilDone(options: StoreOptions, faults: Fault[]): Promise<void> {
  const store = fsStore(options);
  let seen = '';
  let since = performance.now();
  try {
    for (;;) {
      const { pending, active } = await store.counts();
      if (pending + active === 0) return;
      const { details } = await store.health();
      const state = JSON.stringify([pending, active, details.seq]);
      if (state !== seen) since = performance.now();
      seen = state;
      if (performance.now() - since > PATIENCE) return void faults.push(...(await stuckOf(store)));
      await delay(20);
    }
  } finally {
    await store.close();
  }
}

async function stuckOf(store: JobStore): Promise<Fault[]> {
  const { jobs } = await store.list({ filter: { status: ['pending', 'active'] }, limit: 1_000 });
  const why = await store.explain(jobs.map(({ id }) => id));
  return why.map((each) => ({ kind: 'stuck', message: `job ${each?.id} is stuck: ${each?.sentence}` }));
}

/** Opens, reads and closes the store, and looks at its folder. Nobody else has it open. */
export async function finalStateOf(options: StoreOptions, faults: Fault[]): Promise<FinalState> {
  const store = fsStore({
    ...options,
    onError: (error) => faults.push({ kind: 'other', message: `while it was opened at the end: ${String(error)}` }),
  });
  await store.open();
  const jobs = await everything(store);
  await store.close();
  const archived = readArchive(join(options.root, 'archive'));
  const left = [...jobs.values()].filter(({ id }) => !archived.has(id));
  // Closing lets the last of those go whose retention ended.
  checkFolders(options, left, jobs, faults);
  const { findings } = await doctor({ root: options.root });
  for (const { code, path, message } of findings) {
    faults.push({ kind: 'other', message: `the doctor: ${code} ${path ?? ''}: ${message}` });
  }
  return { jobs, archived };
}

/** What the journal's files tell of the owners that wrote them. */
export function journalOf(root: string): { owners: number; segments: number } {
  const dir = join(root, 'journal');
  const names = readdirSync(dir).filter((name) => /^\d{16}\.ndjson/.test(name));
  const heads = names.filter((name) => name.endsWith('.ndjson')).map((name) => readFileSync(join(dir, name), 'utf8'));
  const epochs = heads.map((head) => Number(/^[0-9a-f]{8}\t\{"op":"segment".*?"epoch":(\d+)/.exec(head)?.[1] ?? 0));
  return { owners: Math.max(0, ...epochs), segments: names.length };
}

async function everything(store: JobStore): Promise<Map<string, Job>> {
  const jobs = new Map<string, Job>();
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
    for (const job of page.jobs) jobs.set(job.id, job);
    cursor = page.next;
    if (cursor === undefined) return jobs;
  }
}

/** The newest of each job; the archive may have one twice. */
function readArchive(dir: string): Map<string, Job> {
  const jobs = new Map<string, Job>();
  for (const name of readdirSync(dir)) {
    const bytes = readFileSync(join(dir, name));
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    for (const line of text.split('\n')) {
      const job = parse(line);
      if (job && (jobs.get(job.id)?.rev ?? 0) <= job.rev) jobs.set(job.id, job);
    }
  }
  return jobs;
}

/** A line that a kill cut off is followed by the whole one. */
function parse(line: string): Job | undefined {
  try {
    return JSON.parse(line) as Job;
  } catch {
    return undefined;
  }
}

/** Each job has its file in the folder of its status, and no other file is there. */
function checkFolders(
  { root, pendingFiles }: StoreOptions,
  left: Job[],
  jobs: Map<string, Job>,
  faults: Fault[],
): void {
  const found = new Map<string, string>();
  for (const status of JOB_STATUSES) {
    for (const name of readdirSync(join(root, status))) {
      const where = `${status}/${name}`;
      if (found.has(name))
        faults.push({ kind: 'other', message: `${where} and ${found.get(name)} are one job's files` });
      found.set(name, where);
      const file = JSON.parse(readFileSync(join(root, where), 'utf8')) as Job;
      const job = jobs.get(file.id);
      if (job?.status !== status || file.status !== status || file.rev !== job.rev) {
        const told = job ? `${job.status} in revision ${job.rev}` : 'none of its jobs';
        faults.push({ kind: 'other', message: `${where} shows revision ${file.rev}, the store told ${told}` });
      }
    }
  }
  for (const { id, status } of left) {
    if (found.has(`${id}.json`) || (status === 'pending' && pendingFiles !== undefined)) continue;
    faults.push({ kind: 'other', message: `${status}/${id}.json is missing` });
  }
}
