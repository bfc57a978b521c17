/**
 * The vocabulary of jobs: what a job is, in the API and on disk.
 *
 * @module
 */

/** Any value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The four states of a job. On disk each is a folder of the same name. */
export const JOB_STATUSES = ['pending', 'active', 'completed', 'failed'] as const;

/** One of {@link JOB_STATUSES}. */
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Why a failed job failed. */
export const FAILURE_REASONS = ['error', 'timeout', 'cancelled', 'expired', 'crashed', 'dependency'] as const;

/** One of {@link FAILURE_REASONS}. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What becomes of a job whose parent fails. */
export const PARENT_POLICIES = ['wait', 'fail', 'continue', 'skip', 'only'] as const;

/**
 * One of {@link PARENT_POLICIES}, for when a parent has failed for good:
 * - `wait`: the job waits for somebody to retry the parent;
 * - `fail`: it fails, too, with reason `dependency`;
 * - `continue`: the parent counts as done;
 * - `skip`: it completes without having run, and what depends on it goes on;
 * - `only`: it is there for that case only. The parent counts as done, and the job runs when the others have ended; when all of them
 *   complete, it completes without having run.
 *
 * A parent that leaves the store before it has completed fails those that wait for it.
 */
export type ParentPolicy = (typeof PARENT_POLICIES)[number];

/** What `add` may do when a job holds the `key` already. */
export const UNIQUE_MODES = ['keep', 'reject', 'replace', 'merge', 'rerun', 'debounce', 'throttle'] as const;

/** One of {@link UNIQUE_MODES}. */
export type UniqueMode = (typeof UNIQUE_MODES)[number];

/**
 * What `add` does when a job holds the `key` already. Times in milliseconds.
 *
 * | | it is pending | it is active |
 * |---|---|---|
 * | `keep` | nothing: its id is the answer | the same |
 * | `reject` | throws `DuplicateJobError` | the same |
 * | `replace` | it gets the data and options, and keeps its id and place | nothing |
 * | `rerun` | as `replace` | a job is added that runs after it; one at most, with the newest data |
 * | `merge` | the data is merged into its data | as `rerun`, merging |
 * | `debounce` | it gets the data and starts so much later than now, `maxWait` after it was added at the latest | as `rerun`, later |
 * | `throttle` | nothing: its id is the answer, for so long after it was added even if it has ended | the same |
 *
 * Data is merged as RFC 7396 says (objects field by field, `null` takes a field away), but two lists are joined.
 */
export type Unique =
  | Exclude<UniqueMode, 'debounce' | 'throttle'>
  | { debounce: number; maxWait?: number }
  | { throttle: number };

/** Where a dead letter comes from. */
export interface DeadLetterOrigin {
  /** Of the job that failed. */
  id: string;
  type: string;
  reason: FailureReason;
}

/** The data of a dead letter. */
export interface DeadLetterData {
  /** The job that failed: what it was added with, its id and type, and when it was added. */
  original: { id: string; type: string; data: Json; created: string; [option: string]: Json };
  reason: FailureReason;
  /** How many attempts were started. */
  attempts: number;
  /** Its last failure, if there was one. */
  error?: JobError;
}

/** What becomes of a job whose process dies while it runs. */
export const CRASH_POLICIES = ['resume', 'hold', 'fail'] as const;

/**
 * One of {@link CRASH_POLICIES}, for work that must not be done twice without a look at it:
 * - `resume`: it is pending again, until it has taken `maxCrashes` processes with it;
 * - `hold`: it is pending, and waits for somebody to `approve` it;
 * - `fail`: it fails with reason `crashed`.
 */
export type CrashPolicy = (typeof CRASH_POLICIES)[number];

/** What becomes of a job that waits for jobs that it added, when one of them fails for good: as of {@link PARENT_POLICIES}. */
export const CHILD_POLICIES = ['wait', 'fail', 'continue'] as const satisfies readonly ParentPolicy[];

/** One of {@link CHILD_POLICIES}. */
export type ChildPolicy = (typeof CHILD_POLICIES)[number];

/** Jobs that a job added while it ran, and waited for: see `ctx.children`. */
export interface JobChildren {
  name: string;
  /** In the order in which they were asked for. */
  ids: string[];
  /** Absent: it waits. */
  onChildFailed?: Exclude<ChildPolicy, 'wait'>;
}

/** Severity of a log line. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line that a handler logged. */
export interface JobLog {
  /** ISO 8601, UTC. */
  at: string;
  level: LogLevel;
  message: string;
  /** Structured fields, if the handler gave any. */
  fields?: Json;
}

/** One failed attempt. */
export interface JobError {
  /** ISO 8601, UTC. */
  at: string;
  /** Number of the attempt that failed, from 1. */
  attempt: number;
  /** The error's class name, for example `TypeError`. */
  name: string;
  message: string;
  /** The error's `code`, where it had one, for example `ECONNRESET`. */
  code?: string;
  stack?: string;
}

/** A part of the work that is not done again: see `ctx.step`. */
export interface JobStep {
  name: string;
  /** When its result was kept: ISO 8601, UTC. */
  at: string;
  /** Left out when it returned nothing. */
  result?: Json;
}

/** What happened to a job so far. */
export interface JobMetadata {
  /** How many times the job went back to pending after a failed or crashed attempt. */
  retries: number;
  /** Percent done, 0 to 100. */
  progress: number;
  /** What the handler passed along with its last progress, for example bytes and speed. */
  detail?: Json;
  /** The newest lines, oldest first; see {@link MAX_LOGS}. */
  logs: JobLog[];
  /** The newest failures, oldest first; see {@link MAX_ERRORS}. */
  errors: JobError[];
  /** How often the process died while it ran this job. */
  crashes?: number;
  /** What the handler last passed to `ctx.checkpoint`, handed to the next attempt. */
  checkpoint?: Json;
  /** What `ctx.step` did, in any attempt, in the order in which it was done; see {@link MAX_STEPS}. */
  steps?: JobStep[];
  /** True while a handler runs on after its timeout or cancellation; it no longer owns the outcome. */
  stuck?: boolean;
}

/** How many log lines a job keeps. */
export const MAX_LOGS = 100;

/** How many failures a job keeps. */
export const MAX_ERRORS = 20;

/** How many steps a job may have. */
export const MAX_STEPS = 1_000;

/** Wait between attempts: the same each time, or growing. All times in milliseconds. */
export interface BackoffSpec {
  type: 'fixed' | 'exponential';
  /** The first wait. */
  delay: number;
  /** Growth per attempt of an exponential backoff; 2 by default. */
  factor?: number;
  /** Upper bound of one wait; 1 hour by default. */
  max?: number;
  /** Share of the wait that is random, 0 (none) to 1 (anything between nothing and the whole wait); 0 by default. */
  jitter?: number;
}

/** The trace that a job belongs to, as HTTP headers carry it: https://www.w3.org/TR/trace-context/. */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>`, in lower-case hex. */
  traceparent: string;
  tracestate?: string;
}

/**
 * A job as every store returns it, and as its file holds it. The keys of the file stand in the order of
 * {@link JOB_KEYS}, so that two states of a queue diff well. Optional fields are absent, never `null`.
 */
export interface Job<Data = unknown, Result = unknown> {
  /** `job_<date>_<uuid v7>` unless the caller chose one; see `isSafeId`. */
  id: string;
  /** Which processor runs it. */
  type: string;
  status: JobStatus;
  /** 1 runs first, 10 last. */
  priority: number;
  /** When it was added: ISO 8601, UTC. */
  created: string;
  /** When it last changed: ISO 8601, UTC. */
  updated: string;
  data: Data;
  metadata: JobMetadata;
  /** Grows by one with every recorded change. */
  rev: number;
  /** Place among pending jobs of one priority; the smallest runs first. */
  order?: number;
  /** Not before this time: ISO 8601, UTC. */
  runAt?: string;
  /** How many attempts were started and counted. */
  attempt: number;
  /** Failed attempts after which the job fails for good. Crashes and releases do not count. */
  maxAttempts: number;
  /** Deaths of the process after which the job fails with reason `crashed`. */
  maxCrashes: number;
  backoff?: BackoffSpec;
  /** Milliseconds that one attempt may take. */
  timeout?: number;
  /** Milliseconds after its first start during which it may be started again. */
  retryFor?: number;
  /** When it fails with reason `expired` if it still waits then: ISO 8601, UTC. */
  expiresAt?: string;
  /** Milliseconds of waiting after which its priority becomes better by one. */
  ageing?: number;
  /** What its next step of ageing counts from, if not when it was added or is to run: ISO 8601, UTC. */
  agedAt?: string;
  /** Type of the job that is added when it fails for good. */
  deadLetter?: string;
  /** What becomes of it when its process dies while it runs; absent: it is pending again. */
  onCrash?: Exclude<CrashPolicy, 'resume'>;
  /** Jobs that must complete first. */
  dependsOn?: string[];
  /** What becomes of it when one of them fails; absent: it waits. */
  onParentFailed?: Exclude<ParentPolicy, 'wait'>;
  /** The job that added it while it ran. */
  parent?: string;
  /** Jobs that it added while it ran, the newest last. */
  children?: JobChildren[];
  /** At most one pending or active job holds a key. */
  key?: string;
  /** Whose job it is: ready jobs of one type start in turns between groups, and limits may count by group. */
  group?: string;
  /** What it takes of which pool while it runs. */
  needs?: Record<string, number>;
  tags?: string[];
  /** The job that failed for good, of which this is the dead letter. */
  deadLetterOf?: DeadLetterOrigin;
  /** The trace of whoever added it. */
  trace?: TraceContext;
  /** When the newest attempt started: ISO 8601, UTC. */
  started?: string;
  /** When it completed or failed for good: ISO 8601, UTC. */
  finished?: string;
  /** Who runs it, or ran it last. */
  worker?: string;
  /** True on an active job that somebody cancelled and that has not stopped yet. */
  cancelling?: boolean;
  /** True on a pending job whose process died, and which waits for somebody to approve it. */
  held?: boolean;
  /** True on a completed job that never ran: see {@link ParentPolicy}, `skip` and `only`. */
  skipped?: boolean;
  result?: Result;
  reason?: FailureReason;
}

/** The fixed order of a job's keys on disk. */
export const JOB_KEYS = [
  'id',
  'type',
  'status',
  'priority',
  'created',
  'updated',
  'data',
  'metadata',
  'rev',
  'order',
  'runAt',
  'attempt',
  'maxAttempts',
  'maxCrashes',
  'backoff',
  'timeout',
  'retryFor',
  'expiresAt',
  'ageing',
  'agedAt',
  'deadLetter',
  'onCrash',
  'dependsOn',
  'onParentFailed',
  'parent',
  'children',
  'key',
  'group',
  'needs',
  'tags',
  'deadLetterOf',
  'trace',
  'started',
  'finished',
  'worker',
  'cancelling',
  'held',
  'skipped',
  'result',
  'reason',
] as const satisfies readonly (keyof Job)[];

/** What a producer may say about a new job besides its type and data. */
export interface JobOptions {
  /** The caller's own id: lower-case ASCII letters, digits, `.`, `_`, `-`; 128 characters at most. */
  id?: string;
  /** 1 (first) to 10 (last); 5 by default. */
  priority?: number;
  /** Milliseconds to wait before the job may run. Not together with `runAt`. */
  delay?: number;
  /** Not before this time: a `Date`, epoch milliseconds, or ISO 8601. */
  runAt?: Date | number | string;
  /** Failed attempts after which the job fails for good; 3 by default, 1,000 with `retryFor`. */
  attempts?: number;
  /** Deaths of the process after which the job fails; 3 by default. */
  maxCrashes?: number;
  backoff?: BackoffSpec;
  /** Milliseconds that one attempt may take; unlimited by default. */
  timeout?: number;
  /** Milliseconds after its first start: no attempt starts later. Without `attempts` it alone decides; else whichever ends first. */
  retryFor?: number;
  /** Milliseconds from now until it expires. Not together with `expiresAt`. */
  ttl?: number;
  /** Fails with reason `expired` if it still waits at this time, for its first attempt or another: a `Date`, epoch milliseconds, or ISO 8601. */
  expiresAt?: Date | number | string;
  /**
   * For each so many milliseconds that it waits for its turn its priority becomes better by one, 1 at best, so that better jobs that keep coming
   * cannot hold it back for ever. Left out: it never does.
   */
  ageing?: number;
  /** Type of a job that is added in the same commit when this one fails for good, unless somebody cancelled it: its data is a {@link DeadLetterData}. */
  deadLetter?: string;
  /** What becomes of it when its process dies while it runs; `resume` by default. */
  onCrash?: CrashPolicy;
  /** Ids of jobs, in the store or in the same call, that must complete first. */
  dependsOn?: string[];
  /** What becomes of it when one of them fails for good; `wait` by default. */
  onParentFailed?: ParentPolicy;
  /** Unique among pending and active jobs: any text of 512 characters at most. */
  key?: string;
  /** What happens when a job holds the key already; `keep` by default. */
  unique?: Unique;
  /**
   * Whose job it is (a tenant, a host, an account): any text of 512 characters at most. Ready jobs of one type and priority start in turns
   * between groups, so that many jobs of one do not keep others waiting; limits may count by group.
   */
  group?: string;
  /**
   * What the job takes of which pool while it runs, for example `{ cpu: 2, gpu: 1 }`; it starts once that much is free. A pool that is not
   * defined holds nothing back.
   */
  needs?: Record<string, number>;
  tags?: string[];
  /** The trace that adding it belongs to. */
  trace?: TraceContext;
}

/** A job that a handler adds. */
export interface ChildJob {
  type: string;
  data: unknown;
  options?: JobOptions;
}

/** Every option, so that the compiler finds the one that is forgotten. */
const OPTIONS: Record<keyof JobOptions, true> = {
  id: true,
  priority: true,
  delay: true,
  runAt: true,
  attempts: true,
  maxCrashes: true,
  backoff: true,
  timeout: true,
  retryFor: true,
  ttl: true,
  expiresAt: true,
  ageing: true,
  deadLetter: true,
  onCrash: true,
  dependsOn: true,
  onParentFailed: true,
  key: true,
  unique: true,
  group: true,
  needs: true,
  tags: true,
  trace: true,
};

/** The names of the options of a job, for whoever reads jobs that were written by others. */
export const JOB_OPTION_KEYS = Object.keys(OPTIONS) as readonly (keyof JobOptions)[];

/** A new job as a store takes it: plain JSON, times as epoch milliseconds. */
export interface JobSpec {
  type: string;
  data: Json;
  id?: string;
  priority?: number;
  /** Epoch milliseconds, as all times here. */
  runAt?: number;
  maxAttempts?: number;
  maxCrashes?: number;
  backoff?: BackoffSpec;
  timeout?: number;
  retryFor?: number;
  expiresAt?: number;
  ageing?: number;
  deadLetter?: string;
  onCrash?: CrashPolicy;
  dependsOn?: string[];
  onParentFailed?: ParentPolicy;
  key?: string;
  unique?: Unique;
  group?: string;
  needs?: Record<string, number>;
  tags?: string[];
  trace?: TraceContext;
}

/** Jobs that a running job adds, and waits for. */
export interface NewChildren {
  /** 1 to 128 characters; the only ones of this name of the job. */
  name: string;
  /** 1 to 10,000. One whose id or key a job holds already means that job. */
  jobs: JobSpec[];
  /** `wait` by default. */
  onChildFailed?: ChildPolicy;
}
