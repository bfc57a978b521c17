/**
 * A job as the index keeps it: what ordering and filtering need, small enough for a million of them. Data and results are JSON texts
 * that may stay on disk.
 *
 * @module
 */
import {
  type BackoffSpec,
  type FailureReason,
  type Job,
  type JobError,
  type JobLog,
  type JobMetadata,
  type JobStatus,
  type Json,
  MAX_LOGS,
} from '../job';
import type { JobHead, RunHead } from './records';
import { isoOf } from './time';

/** Which index structure holds an entry. */
export type Place = 'ready' | 'scheduled' | 'blocked' | 'active' | 'completed' | 'failed';

/** Options that few jobs have. */
export interface EntryExtra {
  timeout?: number;
  backoff?: BackoffSpec;
  dependsOn?: string[];
  /** The parents that have not completed yet. */
  waitingFor?: string[];
  key?: string;
  tags?: string[];
}

/** Reported by the running attempt and not recorded yet: progress is recorded now and then, not each time. */
export interface LiveReport {
  progress?: number;
  detail?: Json;
  logs?: JobLog[];
}

/** What the attempts of a job left behind, plus what the running one reported since. All fields from the start: one hidden class. */
export class Run implements RunHead {
  token: number | undefined;
  settled: number | undefined;
  worker: string | undefined;
  started: number | undefined;
  finished: number | undefined;
  reason: FailureReason | undefined;
  cancelling: boolean | undefined;
  progress: number | undefined;
  detail: Json | undefined;
  logs: JobLog[] | undefined;
  errors: JobError[] | undefined;
  crashes: number | undefined;
  stuck: boolean | undefined;
  checkpoint: Json | undefined;
  live: LiveReport | undefined = undefined;

  constructor(head: RunHead = {}) {
    this.token = head.token;
    this.settled = head.settled;
    this.worker = head.worker;
    this.started = head.started;
    this.finished = head.finished;
    this.reason = head.reason;
    this.cancelling = head.cancelling;
    this.progress = head.progress;
    this.detail = head.detail;
    this.logs = head.logs;
    this.errors = head.errors;
    this.crashes = head.crashes;
    this.stuck = head.stuck;
    this.checkpoint = head.checkpoint;
  }
}

/** Where a JSON text stands on disk. Opaque to the engine. */
export type BodyRef = object;

/** Reads texts that are not in memory. */
export interface BodySource {
  /** The JSON text at this place. */
  read(ref: BodyRef): string;
}

/** One job in the index. */
export class Entry {
  status: JobStatus;
  place: Place = 'ready';
  order: number;
  updated: number;
  rev: number;
  attempt: number;
  retries: number;
  /** Number of the newest record that changed it: a replay over a newer snapshot skips older ones. */
  lastSeq: number;
  /** Epoch milliseconds; 0: as soon as possible. */
  runAt: number;
  priority: number;
  maxAttempts: number;
  readonly maxCrashes: number;
  extra: EntryExtra | undefined;
  run: Run | undefined;
  /** JSON text; undefined: on disk, at `dataRef`. */
  data: string | undefined;
  dataRef: BodyRef | undefined = undefined;
  /** JSON text; undefined: none, or on disk at `resultRef`. */
  result: string | undefined = undefined;
  resultRef: BodyRef | undefined = undefined;
  /** Characters of data and result, wherever they are. */
  size = 0;

  constructor(
    readonly id: string,
    readonly type: string,
    /** Creation number: unique, ascending. */
    readonly seq: number,
    readonly created: number,
    head: JobHead,
  ) {
    this.status = head.status ?? 'pending';
    this.priority = head.priority;
    this.order = head.order ?? seq;
    this.updated = head.updated ?? created;
    this.rev = head.rev ?? 1;
    this.attempt = head.attempt ?? 0;
    this.retries = head.retries ?? 0;
    this.lastSeq = seq;
    this.runAt = head.runAt ?? 0;
    this.maxAttempts = head.maxAttempts;
    this.maxCrashes = head.maxCrashes;
    this.extra = extraOf(head);
    this.run = head.run && new Run(head.run);
    this.data = undefined;
  }
}

/** Order in which pending jobs run. */
export function compareQueueOrder(a: Entry, b: Entry): number {
  return a.priority - b.priority || a.order - b.order || a.seq - b.seq;
}

/** Order in which scheduled jobs become ready. */
export function compareRunAt(a: Entry, b: Entry): number {
  return a.runAt - b.runAt || a.seq - b.seq;
}

function extraOf(head: JobHead): EntryExtra | undefined {
  const { timeout, backoff, dependsOn, waitingFor, key, tags } = head;
  if (timeout === undefined && !backoff && !dependsOn && key === undefined && !tags) return undefined;
  const extra: EntryExtra = {};
  if (timeout !== undefined) extra.timeout = timeout;
  if (backoff) extra.backoff = backoff;
  if (dependsOn) extra.dependsOn = dependsOn;
  if (waitingFor) extra.waitingFor = waitingFor;
  if (key !== undefined) extra.key = key;
  if (tags) extra.tags = tags;
  return extra;
}

/** The head that would build this entry again. */
export function headOf(entry: Entry): JobHead {
  const head: JobHead = {
    id: entry.id,
    type: entry.type,
    priority: entry.priority,
    maxAttempts: entry.maxAttempts,
    maxCrashes: entry.maxCrashes,
  };
  if (entry.runAt !== 0) head.runAt = entry.runAt;
  Object.assign(head, entry.extra);
  head.status = entry.status;
  head.created = entry.created;
  head.updated = entry.updated;
  head.rev = entry.rev;
  if (entry.order !== entry.seq) head.order = entry.order;
  if (entry.attempt !== 0) head.attempt = entry.attempt;
  if (entry.retries !== 0) head.retries = entry.retries;
  if (entry.run) {
    const { live: _live, ...run } = entry.run;
    head.run = run;
  }
  return head;
}

/** JSON text of the job's data. */
export function dataOf(entry: Entry, bodies: BodySource): string {
  if (entry.data !== undefined) return entry.data;
  return entry.dataRef ? bodies.read(entry.dataRef) : 'null';
}

/** JSON text of the job's result, if it has one. */
export function resultOf(entry: Entry, bodies: BodySource): string | undefined {
  if (entry.result !== undefined) return entry.result;
  return entry.resultRef && bodies.read(entry.resultRef);
}

/** Percent done, with what is not recorded yet. */
export function progressOf(entry: Entry): number {
  return entry.run?.live?.progress ?? entry.run?.progress ?? 0;
}

/** The job as the API shows it: a fresh object, keys in the order of `JOB_KEYS`. */
export function jobOf(entry: Entry, bodies: BodySource): Job {
  const { run, extra } = entry;
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
    if (extra.dependsOn) job.dependsOn = [...extra.dependsOn];
    if (extra.key !== undefined) job.key = extra.key;
    if (extra.tags) job.tags = [...extra.tags];
  }
  if (!run) return job;
  if (run.started !== undefined) job.started = isoOf(run.started);
  if (run.finished !== undefined) job.finished = isoOf(run.finished);
  if (run.worker !== undefined) job.worker = run.worker;
  if (run.cancelling) job.cancelling = true;
  const result = resultOf(entry, bodies);
  if (result !== undefined) job.result = JSON.parse(result);
  if (run.reason) job.reason = run.reason;
  return job;
}

function metadataOf(entry: Entry): JobMetadata {
  const { run } = entry;
  if (!run) return { retries: entry.retries, progress: 0, logs: [], errors: [] };
  const detail = run.live?.detail ?? run.detail;
  const metadata: JobMetadata = {
    retries: entry.retries,
    progress: progressOf(entry),
    ...(detail !== undefined && { detail: structuredClone(detail) }),
    logs: logsOf(run).map((log) => ({ ...log })),
    errors: (run.errors ?? []).map((error: JobError) => ({ ...error })),
  };
  if (run.crashes) metadata.crashes = run.crashes;
  if (run.checkpoint !== undefined) metadata.checkpoint = structuredClone(run.checkpoint);
  if (run.stuck) metadata.stuck = true;
  return metadata;
}

function logsOf(run: Run): JobLog[] {
  const recorded = run.logs ?? [];
  return run.live?.logs ? [...recorded, ...run.live.logs].slice(-MAX_LOGS) : recorded;
}
