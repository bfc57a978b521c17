/**
 * A store's whole state, compared with what the reference says.
 *
 * @module
 */
import type { Job } from '../../job';
import type { Cause, Explanation, JobCounts, JobStore } from '../../store';
import { tidyCounts } from './calls';
import { difference, withoutTimes } from './difference';
import { find, type Known, type Reference, surely } from './reference';
import { causes, counts } from './reference-view';
import type { Laws } from './told';
import { isUnnamed } from './unnamed';

/** All that can be read of a store. */
export interface Snapshot {
  /** By creation. */
  jobs: Job[];
  counts: JobCounts;
  explanations: (Explanation | null)[];
}

/** Reads it. */
export async function look(store: JobStore): Promise<Snapshot> {
  // Counted first: a store that was just opened finds out then what has expired.
  const [counted, jobs] = await Promise.all([store.counts(), everyJob(store)]);
  return { jobs, counts: tidyCounts(counted), explanations: await store.explain(jobs.map(({ id }) => id)) };
}

async function everyJob(store: JobStore): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next;
    if (cursor === undefined) return jobs;
  }
}

/** What is not as the reference says; undefined when all is. */
export function stateFault(
  ref: Reference,
  { jobs, counts: counted, explanations }: Snapshot,
  laws: Laws,
): string | undefined {
  learnLetters(ref, jobs);
  const ids = difference(
    ref.known.map(({ job }) => job.id),
    jobs.map(({ id }) => id),
    'the list of all ids',
  );
  const wrong = ids ?? orderFault(ref, jobs);
  if (wrong !== undefined) return wrong;
  learnPlaces(ref, jobs);
  for (const [n, job] of jobs.entries()) {
    const one = ref.known[n] as Known;
    const fault = jobFault(ref, one, job, laws) ?? causesFault(ref, one, explanations[n] ?? null, laws);
    if (fault !== undefined) return `job ${job.id}: ${fault}`;
  }
  return difference(counts(ref), counted, 'counts');
}

function jobFault(ref: Reference, one: Known, job: Job, { timed, lossy }: Laws): string | undefined {
  const extra = job.rev - one.job.rev;
  const most = lossy ? Number.POSITIVE_INFINITY : one.spare + one.roomMade;
  if (extra < 0 || extra > most) return `rev is ${job.rev}, and should be ${one.job.rev} to ${one.job.rev + most}`;
  // A report was recorded since, some time up to now; the clock may have been set back meanwhile.
  const recordedLater = extra > 0 && Date.parse(job.updated) <= ref.now;
  const expected: Job = { ...one.job, rev: job.rev };
  if (recordedLater) expected.updated = job.updated;
  return timed ? difference(expected, job) : difference(withoutTimes(expected), withoutTimes(job));
}

function causesFault(ref: Reference, one: Known, told: Explanation | null, { timed, lossy }: Laws): string | undefined {
  if (!told?.sentence) return 'is not explained';
  const { causes: expected, open } = causes(ref, one);
  const left = (all: { code: Cause['code'] }[]) =>
    all

      // After a broken connection claims are made again, also those of workers that were taken back.
      .filter(({ code }) => !((open || lossy) && (code === 'no-worker' || code === 'ready')))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const shown = left(told.causes).map((cause, n) => {
    const { backoff } = (left(expected)[n] ?? {}) as { backoff?: boolean };
    return cause.code === 'scheduled' && backoff === undefined ? { ...cause, backoff: undefined } : cause;
  });
  const clean = (all: unknown) => (timed ? all : withoutTimes(all));
  return difference(
    clean({ id: one.job.id, status: one.job.status, causes: left(expected) }),
    clean({ id: told.id, status: told.status, causes: shown }),
    'the explanation',
  );
}

/** New jobs stand behind those of their priority, moved ones where they were put. */
function orderFault(ref: Reference, jobs: Job[]): string | undefined {
  const placeOf = (job: Job): number => job.order ?? 0;
  for (const [n, job] of jobs.entries()) {
    const isFree = ref.known[n]?.isBack || ref.moved.some(({ ids }) => ids.includes(job.id));
    if (isFree || ref.known[n]?.job.order !== undefined) continue;
    const behind = jobs.slice(0, n).find((older) => placeOf(older) >= placeOf(job));
    if (behind)
      return `job ${job.id}: its order is ${job.order}, and ${behind.id}, which is older, has ${behind.order}`;
  }
  for (const { priority, ids } of ref.moved) {
    const group = jobs.filter((job) => ids.includes(job.id));
    const order = group.sort((a, b) => placeOf(a) - placeOf(b)).map(({ id }) => id);
    const fault = difference(ids, order, `the order of priority ${priority}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The ids of dead letters are the store's choice, and so is the order of those that come together. */
function learnLetters(ref: Reference, jobs: Job[]): void {
  const open = ref.known.filter(({ job }) => isUnnamed(job.id));
  const places = open.map((one) => ref.known.indexOf(one));
  const named: Known[] = [];
  for (const { id, deadLetterOf } of jobs) {
    const at = open.findIndex(({ job }) => difference(job.deadLetterOf, deadLetterOf) === undefined);
    if (at < 0 || find(ref, id)) continue;
    const [one] = open.splice(at, 1) as [Known];
    rename(ref, one.job.id, id);
    named.push(one);
  }
  [...named, ...open].forEach((one, n) => {
    ref.known[places[n] as number] = one;
  });
}

/** The store has told the id, also of one that calls beside the one that made it have changed. */
function rename(ref: Reference, from: string, to: string): void {
  const touched = ref.changes.flatMap((change) => change.touched ?? []);
  const known = [...ref.known, ...touched.flatMap(({ before }) => before ?? [])];
  for (const one of [...known.map(({ job }) => job), ...touched, ...ref.events]) if (one.id === from) one.id = to;
  for (const change of ref.changes) change.lost = change.lost.map((id) => (id === from ? to : id));
}

/** New, moved and moved aside: which number a job has in its order is the store's choice. */
function learnPlaces(ref: Reference, jobs: Job[]): void {
  for (const [n, job] of jobs.entries()) {
    const one = ref.known[n] as Known;
    const mayDiffer = one.job.order === undefined || (one.roomMade > 0 && job.rev > one.job.rev);
    if (mayDiffer && job.order !== undefined) one.job.order = job.order;
    // A change that was made beside the call that added it did not know it yet.
    for (const { touched = [] } of ref.changes)
      for (const { before } of touched) if (before?.number === one.number) before.job.order ??= one.job.order;
  }
  ref.moved = [];
}

/** Takes over what is the store's choice; to be called when nothing is wrong. */
export function learn(ref: Reference, { jobs }: Snapshot): void {
  ref.wereExpired = [];
  for (const [n, job] of jobs.entries()) {
    const one = ref.known[n] as Known;
    const extra = job.rev - one.job.rev;
    // What an attempt reported is recorded before it ends.
    if (job.status !== 'active' && one.roomMade === 0) raise(ref, one, job.rev);
    one.spare = job.status === 'active' ? one.spare - Math.max(0, extra - one.roomMade) : 0;
    one.roomMade = 0;
    one.job.rev = job.rev;
    one.job.updated = job.updated;
  }
}

/** Reports were recorded before the change that was made last, beside the end of the attempt. */
function raise(ref: Reference, { job, number }: Known, rev: number): void {
  for (const { touched = [] } of ref.changes)
    for (const one of touched) if (one.number === number && one.rev === job.rev) one.rev = rev;
}

/** After a crash: reports that were not recorded yet may be lost, but neither more nor in another order. */
export function learnLostReports(ref: Reference, jobs: Job[]): string | undefined {
  for (const job of jobs) {
    const one = ref.known.find((known) => known.job.id === job.id);
    if (!one) continue;
    const { metadata } = one.job;
    const { progress, detail, logs } = job.metadata;
    // What was reported last was recorded with the outcome.
    const unsure = one.job.status === 'active' ? one.unsure : surely(one);
    const kept = metadata.logs.slice(0, logs.length);
    const fault = logs.length < unsure.logs ? `only ${logs.length} log lines are left` : difference(kept, logs, 'logs');
    const wasSeen = unsure.seen.some((seen) => difference(seen, { progress, detail }) === undefined);
    if (fault !== undefined) return `job ${job.id}: ${fault}`;
    if (!wasSeen) return `job ${job.id}: it never was at ${progress} percent, ${JSON.stringify(detail)}`;
    metadata.logs = logs;
    metadata.progress = progress;
    if (detail === undefined) delete metadata.detail;
    else metadata.detail = detail;
    one.unsure = surely(one);
  }
  return undefined;
}
