/**
 * JobStore: the one interface between the queue and whatever keeps its jobs. Every method takes a batch, because batches are what
 * makes every engine fast: group commit on a file, pipelining on a network.
 *
 * All arguments and results are plain JSON, so that the same interface works through a socket.
 *
 * @module
 */
import type { Definition, DefinitionChange, DefinitionKind } from './definition';
import type { Issue } from './errors';
import type { Explanation } from './explanation';
import type { StoreHealth } from './health';
import type { HistoryQuery, HistoryResult, StoreMetrics } from './history';
import type { Job, JobSpec, Json } from './job';
import type { AddOptions, AddResult, RestoreOptions, RestoreResult } from './store-add';
import type { ChangeRequest, ChangeResult, UndoResult } from './store-change';
import type { StoreEvent, SubscribeOptions, Subscription } from './store-events';
import type { JobCounts, JobPage, ListQuery, PastQuery, PastState } from './store-query';
import type { ClaimedJob, ClaimRequest, Report, ReportResult, Settlement, SettleResult } from './store-work';
import type { Trail, UndoRequest } from './trail';

export * from './explanation';
export * from './store-add';
export * from './store-change';
export * from './store-events';
export * from './store-query';
export * from './store-work';

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

/** What the programs on this store can run, so that jobs from outside can be checked before they are taken. */
export interface JobValidator {
  /** The types that can be checked. */
  types(): string[];
  /** Faults of the data, with paths below `data`; empty when it is valid. */
  validate(type: string, data: Json): Promise<Issue[]>;
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
   * With `wait` it resolves with none only when `signal` aborts. One signal may serve any number of claims: once a claim is answered,
   * nothing of it listens any more.
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
   * Takes a change back: each of its jobs that has not moved on since stands again as it did before it, and so do those that failed with a
   * parent which it took away. What others did because of it stays.
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
