/**
 * JobStore: the one interface between the queue and whatever keeps its jobs. Every method takes a batch, because batches are what
 * makes every engine fast: group commit on a file, pipelining on a network.
 *
 * All arguments and results are plain JSON, so that the same interface works through a socket.
 *
 * @module
 */
import type { Definition, DefinitionChange, DefinitionKind } from './definition';
import type { StoreHealth } from './health';
import type { HistoryQuery, HistoryResult, StoreMetrics } from './history';
import type { FailureReason, Job, JobError, JobLog, JobSpec, JobStatus, Json, NewChildren } from './job';
import type { StoreEvent, SubscribeOptions, Subscription } from './store-events';
import type { Trail, UndoRequest } from './trail';

export * from './store-events';

/** What survives an acknowledged call: nothing, the death of the process, or a power cut. */
export type Durability = 'none' | 'process' | 'power';

/** What a store can do. The conformance suite runs what is claimed and prints what it skips. */
export interface StoreCapabilities {
  /** Short name for messages, for example `memory`. */
  name: string;
  /** Jobs are there again after close and open. */
  persistent: boolean;
  durability: Durability;
  /** Several processes may open it at once. */
  shared: boolean;
  /** `move`, and an order inside a priority. */
  reorder: boolean;
  /** `dependsOn`. */
  dependencies: boolean;
  /** `restore`: jobs with their history, from another store. */
  restore: boolean;
  /** `expiresAt`. */
  expiry: boolean;
  /** `ageing`. */
  ageing: boolean;
  /** `deadLetter`, and the change `redrive`. */
  deadLetters: boolean;
  /** `onCrash`, and the change `approve`. */
  crashPolicies: boolean;
  /** All modes of `unique`; without it, `keep` and `reject` alone. */
  uniqueModes: boolean;
  /** `filter.text` searches data. */
  textSearch: boolean;
  /** A subscription may start at an earlier sequence number. */
  resumableEvents: boolean;
  /** `define`. */
  definitions: boolean;
  /** Limits, pools, gates and windows, and turns between groups. */
  rules: boolean;
  /** Definitions of kind `schedule` make jobs. */
  schedules: boolean;
  /** `trail`, `stateAt` and `undo`: it remembers what happened. */
  audit: boolean;
  /** It counts what happens: `history` and `metrics`. */
  history: boolean;
}

/** How `add` treats an id or key that a job holds already. */
export interface AddOptions {
  /**
   * `return` (default) gives the existing job; `reject` throws `DuplicateJobError`, and nothing of the batch is added. For a key that is
   * held, the job's own `unique` goes before it.
   */
  onDuplicate?: 'return' | 'reject';
  /**
   * Ids for the specs that have none, by their places; fresh ones, as `newJobId` makes them. Whoever may have to make the call again chooses
   * them, so that it adds nothing twice. Left out: the store makes ids.
   */
  ids?: (string | undefined)[];
  /** The call was made before: jobs may be there that have its `ids`. */
  isRepeated?: boolean;
}

/** What `unique` made of an `add`, besides a new job or the existing one as it was. */
export type UniqueOutcome = 'replaced' | 'merged' | 'debounced' | 'throttled' | 'rerun';

/** What became of one added job. */
export interface AddResult {
  id: string;
  /** False when a job with this id or key was there already; `id` is then that job's. */
  added: boolean;
  /**
   * Left out: the job was added, or the existing one left as it is. `replaced`, `merged`, `debounced`: the job that held the key took it up;
   * `throttled`: this is the first job of the window; `rerun`: a new job that runs after the one that holds the key.
   */
  outcome?: UniqueOutcome;
}

/** How `restore` treats an id that a job has already. */
export interface RestoreOptions {
  /** The job of that id is replaced, unless it is running. Left out: it stays as it is. */
  replace?: boolean;
  /** Tell the outcomes, and change nothing. */
  dryRun?: boolean;
  /** Who asks, for the audit trail. */
  by?: string;
}

/** What became of one job that was to be restored. */
export interface RestoreResult {
  id: string;
  /**
   * `added`; `replaced`; or left alone: a job of this id is there (`exists`), it runs (`active`), another job holds the `key`, or the
   * pending job waits for a `parent` that is not there.
   */
  outcome: 'added' | 'replaced' | 'exists' | 'active' | 'key' | 'parent';
}

/** Asks for jobs to run. */
export interface ClaimRequest {
  /** Who will run them: unique per worker instance. */
  worker: string;
  /** How many at most, in all. */
  limit: number;
  /** Types that the worker can run, each with how many of it at most. Left out: any type. */
  types?: Record<string, number>;
  /** True: wait until there is at least one job. False: answer at once, with none if there is none. */
  wait: boolean;
  /** True: tell how long each job waited. */
  timed?: boolean;
}

/** A job that was started for a worker. */
export interface ClaimedJob {
  /** As it stands after the claim: active, its attempt counted. */
  job: Job;
  /** Fencing token of this attempt: only who holds it can report on or settle it. */
  token: string;
  /** Milliseconds from when it could run to its start, if the claim asked for it and the store knows; see `HistoryStats.wait`. */
  waited?: number;
}

/** What became of an attempt. */
export type Settlement =
  | { id: string; token: string; outcome: 'completed'; result?: Json }
  | {
      id: string;
      token: string;
      outcome: 'failed';
      error: Omit<JobError, 'at' | 'attempt'>;
      reason: FailureReason;
      /** Milliseconds until the next attempt if one is left. Left out: fail for good. */
      retryIn?: number;
    }
  /** Back to pending without an attempt spent: the worker shuts down, or the handler was not to run for `delay` milliseconds. */
  | { id: string; token: string; outcome: 'released'; delay?: number }
  /**
   * Back to pending without an attempt spent, until these jobs have ended, which are added in the same commit. Where they cannot be added
   * (a fault in one, a cycle) the job fails with that error.
   */
  | { id: string; token: string; outcome: 'waiting'; children: NewChildren };

/** Whether a settlement counted. */
export interface SettleResult {
  id: string;
  /** False: the token is not the running attempt's (late, or foreign), or the job is gone. It was refused and recorded. */
  accepted: boolean;
  /** The job's status afterwards; left out when the job is gone. */
  status?: JobStatus;
}

/** What a running attempt tells. */
export interface Report {
  id: string;
  token: string;
  /** Percent, 0 to 100. */
  progress?: number;
  detail?: Json;
  logs?: JobLog[];
  /** Kept for the next attempt; acknowledged as durably as an `add`. */
  checkpoint?: Json;
  /** Kept for all later attempts, and acknowledged, as a checkpoint. The first result of a name stays. */
  step?: { name: string; result?: Json };
  /** The handler ignores its abort signal. */
  stuck?: boolean;
}

/** Whether a report counted. */
export interface ReportResult {
  id: string;
  /** False: the token is not the running attempt's. */
  accepted: boolean;
  /** The job is being cancelled: the handler should stop. */
  cancelling: boolean;
}

/** Which jobs. All given conditions must hold; a list means any of its values. */
export interface JobFilter {
  status?: JobStatus | JobStatus[];
  type?: string | string[];
  /** Jobs that carry all of these tags. */
  tags?: string[];
  /** Case-insensitive part of the id, the type, the key, a tag, the error, or the data's JSON. */
  text?: string;
  reason?: FailureReason | FailureReason[];
  priority?: number | number[];
  key?: string;
  /** Jobs that this job added while it ran. */
  parent?: string | string[];
  worker?: string;
  /** Epoch milliseconds, inclusive. */
  createdAfter?: number;
  /** Epoch milliseconds, exclusive. */
  createdBefore?: number;
  /** Epoch milliseconds, inclusive. */
  updatedAfter?: number;
  /** Epoch milliseconds, exclusive. */
  updatedBefore?: number;
}

/** Sort orders of a list: `queue` is the order in which pending jobs run. */
export type JobSort = 'created' | 'updated' | 'priority' | 'queue';

/** One page of jobs, please. */
export interface ListQuery {
  filter?: JobFilter;
  /** `created` by default. */
  sort?: JobSort;
  /** `asc` by default. */
  direction?: 'asc' | 'desc';
  /** Jobs per page, 1 to 1,000; 50 by default. */
  limit?: number;
  /** `next` of the page before. */
  cursor?: string;
}

/** One page of jobs. */
export interface JobPage {
  jobs: Job[];
  /** Pass it as `cursor` for the next page; left out on the last one. */
  next?: string;
}

/** How many jobs there are. */
export interface JobCounts {
  pending: number;
  active: number;
  completed: number;
  failed: number;
  /** Why pending jobs are pending; the five add up to `pending`. A job that is both scheduled and paused counts as scheduled. */
  waiting: { ready: number; scheduled: number; blocked: number; held: number; paused: number };
  byType: Record<string, Record<JobStatus, number>>;
  /** What is paused: everything, or these types. */
  paused: { all: boolean; types: string[] };
}

/** Where to move a pending job inside its priority. */
export type MoveTarget = { to: 'top' | 'bottom' } | { before: string } | { after: string };

/** What may be edited on a pending job. `null` takes an optional field away. */
export interface JobPatch {
  data?: Json;
  priority?: number;
  /** Epoch milliseconds; `null`: as soon as possible. */
  runAt?: number | null;
  /** Epoch milliseconds; `null`: never. */
  expiresAt?: number | null;
  tags?: string[];
  maxAttempts?: number;
  timeout?: number | null;
  backoff?: import('./job').BackoffSpec | null;
}

/** What to do to each of the targeted jobs. */
export type ChangeAction =
  /** Pending: fails with reason `cancelled`. Active: its handler is told to stop. */
  | { action: 'cancel' }
  /** Failed: pending again with all its attempts. Pending and scheduled: runs now. */
  | { action: 'retry' }
  /** Pending, completed and failed jobs leave the store. */
  | { action: 'remove' }
  /** Jobs that are held since their process died may run again. */
  | { action: 'approve' }
  | { action: 'reprioritise'; priority: number }
  /** The targets keep their order among themselves. A job that is moved next to another takes over its priority. */
  | { action: 'move'; target: MoveTarget }
  | { action: 'edit'; patch: JobPatch }
  /**
   * Dead letters leave, and their jobs are pending again, with all their attempts; one that left the store meanwhile is added anew. `limit`: so
   * many at most, the oldest first. `every`: milliseconds between the times at which they may run.
   */
  | { action: 'redrive'; limit?: number; every?: number };

/** A change, to jobs by id or by filter. */
export interface ChangeRequest {
  change: ChangeAction;
  target: { ids: string[] } | { filter: JobFilter };
  /** Count what would change, and change nothing. */
  dryRun?: boolean;
  /** Who asks, for the audit trail. */
  by?: string;
}

/** Why some of the targeted jobs were left as they were. */
export interface ChangeSkip {
  /** `not-found`, or the state that does not allow the change, for example `completed`. */
  reason: 'not-found' | 'unchanged' | 'removed' | JobStatus;
  message: string;
  count: number;
  /** The first ids, 20 at most. */
  ids: string[];
}

/** What a change did, or would do. */
export interface ChangeResult {
  dryRun: boolean;
  matched: number;
  changed: number;
  /** The first changed ids, 1,000 at most. */
  ids: string[];
  /** The rest, by reason: `matched` = `changed` + the counts here. */
  skipped: ChangeSkip[];
  /** Names this change for `undo`; left out when nothing was changed, and by stores without `audit`. */
  operation?: number;
}

/** What an undo did: `changed` counts the jobs that stand again as before, `skipped` those that moved on since. */
export interface UndoResult extends ChangeResult {
  /** The change that was undone. */
  undone: number;
}

/** What is wanted of an earlier state. */
export interface PastQuery {
  /** Jobs by id. */
  ids?: string[];
  /** One page of jobs. */
  list?: ListQuery;
}

/** The queue as it was. */
export interface PastState {
  /** The time that was asked for: ISO 8601, UTC. */
  at: string;
  /** Number of the last record that counts. */
  seq: number;
  counts: JobCounts;
  /** In the order of the ids that were asked for; `null` where there was none. */
  jobs?: (Job | null)[];
  page?: JobPage;
}

/** Why a job waits, or ended as it did. */
export type Cause =
  /** So many run before it. `betterAt`: when its priority becomes better, if it ages and is not the next: ISO 8601, UTC. */
  | { code: 'ready'; ahead: number; betterAt?: string }
  | {
      code: 'scheduled' /** ISO 8601. */;
      runAt: string /** The wait is the backoff after a failed attempt. */;
      backoff: boolean;
    }
  | { code: 'paused' /** The paused type; left out when everything is paused. */; type?: string }
  | { code: 'blocked' /** Jobs that have not completed yet. */; by: { id: string; status: JobStatus | 'missing' }[] }
  | { code: 'held' /** When its process died: ISO 8601. */; since: string }
  | {
      code: 'limit';
      limit: string /** How many run, how many start in a time, or that those before it have to end first. */;
      by: 'concurrency' | 'rate' | 'order';
      group?: string /** When the next one may start: ISO 8601; left out: when one ends. */;
      until?: string;
    }
  | { code: 'pool'; pool: string; needs: number; capacity: number; inUse: number }
  | { code: 'gate'; gate: string /** Parts of sentences. */; because: string[] }
  | { code: 'window'; window: string /** When it opens: ISO 8601. */; until?: string }
  | { code: 'no-worker' /** No connected worker takes this type. */; type: string }
  | { code: 'running'; worker: string; since: string; cancelling: boolean; stuck: boolean }
  | { code: 'completed'; at: string /** Without having run, as its `onParentFailed` says. */; skipped?: true }
  | { code: 'failed'; at: string; reason: FailureReason; message: string };

/** Answer to "why does this job not run?", as data and as a sentence. */
export interface Explanation {
  id: string;
  status: JobStatus;
  /** Every cause that holds now: all of them must go before a pending job runs. */
  causes: Cause[];
  sentence: string;
}

/** What the programs on this store can run, so that jobs from outside can be checked before they are taken. */
export interface JobValidator {
  /** The types that can be checked. */
  types(): string[];
  /** Faults of the data, with paths below `data`; empty when it is valid. */
  validate(type: string, data: Json): Promise<import('./errors').Issue[]>;
}

/** The driver that keeps jobs. See the conformance suite in `@leviathan/core/testing` for what each promise means exactly. */
export interface JobStore {
  readonly capabilities: StoreCapabilities;

  /** Makes the store ready. Calling it again, or in parallel, is harmless; the other methods call it by themselves. */
  open(): Promise<void>;

  /**
   * Adds jobs, all or none. Resolves when they are as durable as the store promises.
   * @throws ValidationError, DuplicateJobError, CycleError, JobTooLargeError, StoreWriteError: nothing was written.
   */
  add(specs: JobSpec[], options?: AddOptions): Promise<AddResult[]>;

  /**
   * Takes whole jobs over as they are, with all that happened to them, from another store: all or none, but for those whose `outcome` says
   * why not. Parents stand before those that wait for them. One that was running there is pending here; `order` counts only among jobs of
   * one store and is left out. Resolves when they are as durable as an `add`.
   * @throws ValidationError, CycleError, JobTooLargeError, StoreWriteError: nothing was written.
   */
  restore(jobs: Job[], options?: RestoreOptions): Promise<RestoreResult[]>;

  /**
   * Starts jobs for a worker: the best ones by priority, then order. The start is recorded before it resolves.
   * With `wait` it resolves with none only when `signal` aborts.
   */
  claim(request: ClaimRequest, options?: { signal?: AbortSignal }): Promise<ClaimedJob[]>;

  /** Ends attempts. A stale token is refused, not thrown. */
  settle(settlements: Settlement[]): Promise<SettleResult[]>;

  /**
   * Progress, log lines, checkpoints and steps of running attempts.
   * @throws ValidationError, JobTooLargeError for a checkpoint or a step; StoreWriteError
   */
  report(reports: Report[]): Promise<ReportResult[]>;

  /**
   * Takes back the running jobs of workers that left: in order (`released`, no attempt spent) or by death (`crashed`, counted against
   * `maxCrashes`). `keep` names tokens that the worker still holds, when it only lost its connection for a while.
   * Resolves with how many jobs were taken back.
   */
  takeBack(workers: string[], cause: 'released' | 'crashed', options?: { keep?: string[] }): Promise<number>;

  /** Cancels, retries, removes, moves, reprioritises or edits jobs. */
  change(request: ChangeRequest): Promise<ChangeResult>;

  /** Stops (or lets go on) the starting of jobs: all, or one type. Running jobs run on. Survives a restart. */
  pause(paused: boolean, options?: { type?: string; by?: string }): Promise<void>;

  /**
   * Sets and removes definitions, all or none. Resolves when they are as durable as the store promises. One that says what is there already,
   * and the removal of one that is not there, change nothing.
   * @throws ValidationError, StoreWriteError: nothing was changed
   */
  define(changes: DefinitionChange[], options?: { by?: string }): Promise<void>;

  /** All definitions, or those of a kind, by kind and name. */
  definitions(kind?: DefinitionKind): Promise<Definition[]>;

  /** The jobs, in the order of the ids; `null` where there is none. */
  get(ids: string[]): Promise<(Job | null)[]>;

  /** One page of jobs. @throws ValidationError when the query or its cursor is not valid */
  list(query?: ListQuery): Promise<JobPage>;

  /** How many jobs there are, by status and type, and why the pending ones wait. */
  counts(): Promise<JobCounts>;

  /** Why each job waits or ended; `null` where there is none. */
  explain(ids: string[]): Promise<(Explanation | null)[]>;

  /**
   * The recorded transitions of a job, also of one that left the store.
   * @throws UnsupportedError without the capability `audit`, as the next two
   */
  trail(id: string): Promise<Trail>;

  /**
   * The queue as it was at a time (epoch milliseconds): up to the first record that is later.
   * @throws NoHistoryError when the time is before what is kept; it names the earliest. ValidationError as `list`
   */
  stateAt(at: number, query?: PastQuery): Promise<PastState>;

  /**
   * Takes a change back: each of its jobs that has not moved on since stands again as it did before it. What other jobs did because of the
   * change (children of a cancelled parent) stays.
   * @throws NoOperationError when there is no such change, or none at all; NoHistoryError when what was before it is not kept
   */
  undo(request?: UndoRequest): Promise<UndoResult>;
  /** What happened over time, for charts. @throws ValidationError when the query is not valid, or asks for too many points */
  history(query?: HistoryQuery): Promise<HistoryResult>;

  /** Counters since the store began, by type, for monitoring systems. */
  metrics(): Promise<StoreMetrics>;

  /** Tells changes from now on, or from an earlier position, in order and in batches. A listener that throws disturbs nobody. */
  subscribe(options: SubscribeOptions, listener: (events: StoreEvent[]) => void): Promise<Subscription>;

  /** Lets the store check jobs that come from outside the API (an inbox, a hand-edited file). */
  setValidator?(validator: JobValidator): void;

  /** How the store is doing. */
  health(): Promise<StoreHealth>;

  /** Acknowledges what is under way and lets go of everything. Jobs that this instance's workers still hold go back to pending. */
  close(): Promise<void>;
}
