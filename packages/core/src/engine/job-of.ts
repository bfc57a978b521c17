/**
 * A job of the index as the API shows it.
 *
 * @module
 */
import { type Job, type JobError, type JobLog, type JobMetadata, type Json, MAX_LOGS } from '../job';
import type { BodySource, Entry } from './entry';
import type { Run } from './run';
import { isoOf } from './time';

/** JSON text of the job's data. */
export function dataOf(entry: Entry, bodies: BodySource): string {
  if (entry.data !== undefined) return entry.data;
  return entry.dataFile === undefined ? 'null' : bodies.read(entry.dataFile, entry.dataOffset, entry.dataLength);
}

/** JSON text of the job's result, if it has one. */
export function resultOf(entry: Entry, bodies: BodySource): string | undefined {
  const { run } = entry;
  if (run?.resultFile === undefined || run.result !== undefined) return run?.result;
  return bodies.read(run.resultFile, run.resultOffset, run.resultLength);
}

/** Percent done, with what is not recorded yet. */
export function progressOf(entry: Entry): number {
  return entry.run?.live?.progress ?? entry.run?.progress ?? 0;
}

/** What came along with the last progress, with what is not recorded yet. */
export function detailOf(entry: Entry): Json | undefined {
  const live = entry.run?.live?.detail;
  return live === undefined ? entry.run?.detail : live;
}

/** The job as the API shows it: a fresh object, keys in the order of `JOB_KEYS`. */
export function jobOf(entry: Entry, bodies: BodySource): Job {
  const { run, extra } = entry;
  if (run && !extra && entry.runAt === 0 && entry.status === 'active' && !run.cancelling && run.finished === undefined)
    return plainActiveJob(entry, run, bodies);
  const job = {
    id: entry.id,
    type: entry.type,
    status: entry.status,
    priority: entry.priority,
    created: isoOf(entry.created),
    updated: isoOf(entry.updated),
    data: JSON.parse(dataOf(entry, bodies)),
    metadata: metadataOf(entry),
    rev: entry.rev,
    order: entry.order,
  } as Job;
  if (entry.runAt !== 0) job.runAt = isoOf(entry.runAt);
  job.attempt = entry.attempt;
  job.maxAttempts = entry.maxAttempts;
  job.maxCrashes = entry.maxCrashes;
  if (extra) {
    if (extra.backoff) job.backoff = { ...extra.backoff };
    if (extra.timeout !== undefined) job.timeout = extra.timeout;
    if (extra.retryFor !== undefined) job.retryFor = extra.retryFor;
    if (extra.expiresAt !== undefined) job.expiresAt = isoOf(extra.expiresAt);
    if (extra.ageing !== undefined) job.ageing = extra.ageing;
    if (extra.agedAt !== undefined) job.agedAt = isoOf(extra.agedAt);
    if (extra.deadLetter !== undefined) job.deadLetter = extra.deadLetter;
    if (extra.onCrash !== undefined) job.onCrash = extra.onCrash;
    if (extra.dependsOn) job.dependsOn = [...extra.dependsOn];
    if (extra.onParentFailed) job.onParentFailed = extra.onParentFailed;
    if (extra.parent !== undefined) job.parent = extra.parent;
    if (extra.children) job.children = structuredClone(extra.children);
    if (extra.key !== undefined) job.key = extra.key;
    if (extra.group !== undefined) job.group = extra.group;
    if (extra.needs) job.needs = { ...extra.needs };
    if (extra.tags) job.tags = [...extra.tags];
    if (extra.deadLetterOf) job.deadLetterOf = { ...extra.deadLetterOf };
    if (extra.trace) job.trace = { ...extra.trace };
  }
  if (!run) return job;
  if (run.started !== undefined) job.started = isoOf(run.started);
  if (run.finished !== undefined) job.finished = isoOf(run.finished);
  if (run.worker !== undefined) job.worker = run.worker;
  if (run.cancelling) job.cancelling = true;
  if (run.held) job.held = true;
  if (run.skipped) job.skipped = true;
  const result = resultOf(entry, bodies);
  if (result !== undefined) job.result = JSON.parse(result);
  if (run.reason) job.reason = run.reason;
  return job;
}

/** A job without options on its first attempt, as most jobs are claimed: in one piece, which costs half as much. */
function plainActiveJob(entry: Entry, run: Run, bodies: BodySource): Job {
  return {
    id: entry.id,
    type: entry.type,
    status: 'active',
    priority: entry.priority,
    created: isoOf(entry.created),
    updated: isoOf(run.updated),
    data: JSON.parse(dataOf(entry, bodies)),
    metadata: metadataOf(entry),
    rev: run.rev,
    order: entry.order,
    attempt: run.attempt,
    maxAttempts: entry.maxAttempts,
    maxCrashes: entry.maxCrashes,
    started: isoOf(run.started as number),
    worker: run.worker as string,
  };
}

/** The `metadata` of a job: a fresh object. */
export function metadataOf(entry: Entry): JobMetadata {
  const { run } = entry;
  if (!run || run.isPlain) return { retries: entry.retries, progress: run?.progress ?? 0, logs: [], errors: [] };
  const detail = detailOf(entry);
  const metadata: JobMetadata = {
    retries: entry.retries,
    progress: progressOf(entry),
    ...(detail !== undefined && { detail: structuredClone(detail) }),
    logs: logsOf(run).map((log) => ({ ...log })),
    errors: (run.errors ?? []).map((error: JobError) => ({ ...error })),
  };
  if (run.crashes) metadata.crashes = run.crashes;
  if (run.checkpoint !== undefined) metadata.checkpoint = structuredClone(run.checkpoint);
  if (run.steps) metadata.steps = structuredClone(run.steps);
  if (run.stuck) metadata.stuck = true;
  return metadata;
}

function logsOf(run: Run): JobLog[] {
  const recorded = run.logs ?? [];
  return run.live?.logs ? [...recorded, ...run.live.logs].slice(-MAX_LOGS) : recorded;
}
