/**
 * The records of a store: everything that ever changes a job is one of these, and the state of a store is what comes out of applying
 * them in order. A persistent store appends them to its journal; the same `apply` runs live and in a replay.
 *
 * `body` holds a JSON text (data, result, checkpoint or a step's result) that readers may leave unparsed.
 *
 * @module
 */
import type { DefinitionKind } from '../definition';
import type {
  BackoffSpec,
  ChildPolicy,
  CrashPolicy,
  DeadLetterOrigin,
  FailureReason,
  JobChildren,
  JobError,
  JobLog,
  JobStatus,
  JobStep,
  Json,
  ParentPolicy,
  TraceContext,
} from '../job';
import type { SlotOutcome } from '../schedule/due';

/** What every record has. */
interface RecordBase {
  /** Position in the store's history: 1, 2, 3 … without gaps. Assigned when the record is written. */
  seq: number;
  /** Epoch milliseconds. */
  at: number;
  /** 1 on all records of an atomic batch but the last: a batch that is not whole counts as never written. */
  more?: 1 | undefined;
  /** Number of the first record of the change that this one is a part of: what an undo finds it by. */
  operation?: number;
}

/** A job's fields in a record: all that is not in a body. Times are epoch milliseconds; absent fields have their defaults. */
export interface JobHead {
  id: string;
  type: string;
  priority: number;
  maxAttempts: number;
  maxCrashes: number;
  runAt?: number;
  timeout?: number;
  backoff?: BackoffSpec;
  retryFor?: number;
  expiresAt?: number;
  ageing?: number;
  agedAt?: number;
  deadLetter?: string;
  onCrash?: Exclude<CrashPolicy, 'resume'>;
  dependsOn?: string[];
  onParentFailed?: Exclude<ParentPolicy, 'wait'>;
  /** The job that added it while it ran. */
  parent?: string;
  key?: string;
  group?: string;
  needs?: Record<string, number>;
  tags?: string[];
  /** Milliseconds for which its key is throttled; of a new job alone. */
  throttle?: number;
  /** Ids of adds that it took up, see `unique`; the newest, 100 at most. */
  absorbed?: string[];
  deadLetterOf?: DeadLetterOrigin;
  trace?: TraceContext;
  /** The rest stands only on jobs that were not just created: in snapshots, and on adopted ones. */
  status?: JobStatus;
  created?: number;
  updated?: number;
  rev?: number;
  order?: number;
  children?: JobChildren[];
  waitingFor?: string[];
  /** See `EntryExtra`. */
  waitingSince?: number;
  parentFailed?: true;
  attempt?: number;
  retries?: number;
  run?: RunHead;
}

/** What the attempts of a job left behind. */
export interface RunHead {
  /** Number of the `start` record of the newest attempt: its fencing token. */
  token?: number;
  /** Token of the attempt that was settled last: the same settlement may come again. */
  settled?: number;
  worker?: string;
  started?: number;
  finished?: number;
  reason?: FailureReason;
  skipped?: boolean;
  cancelling?: boolean;
  held?: boolean;
  progress?: number;
  detail?: Json;
  logs?: JobLog[];
  errors?: JobError[];
  crashes?: number;
  /** No attempt starts later. */
  retryUntil?: number;
  stuck?: boolean;
  checkpoint?: Json;
  steps?: JobStep[];
}

/** How many adds a job remembers that it took up: one that is made again, since its answer was lost, comes soon. */
export const MAX_ABSORBED = 100;

/** Fields that an `edit` changes; `null` removes. */
export interface EditPatch {
  priority?: number;
  /** Of a step of ageing alone. */
  agedAt?: number;
  order?: number;
  runAt?: number | null;
  expiresAt?: number | null;
  /** Somebody approved it. */
  held?: null;
  tags?: string[];
  maxAttempts?: number;
  timeout?: number | null;
  backoff?: BackoffSpec | null;
}

/** What a change can have altered in a job that waits or failed. Absent fields have none, or their defaults. Times are epoch milliseconds. */
export interface RestoredHead {
  status: 'pending' | 'failed';
  priority: number;
  order: number;
  maxAttempts: number;
  runAt?: number;
  expiresAt?: number;
  agedAt?: number;
  timeout?: number;
  backoff?: BackoffSpec;
  tags?: string[];
  attempt?: number;
  retries?: number;
  finished?: number;
  reason?: FailureReason;
  crashes?: number;
  retryUntil?: number;
  held?: true;
  /** Left out: as they are. */
  errors?: JobError[];
}

/** What happens, before it is numbered. Where it happens often, room for the number is there from the start. */
export type RecordDraft = Partial<RecordBase> & RecordBody;

/** The record of a new job. */
export type AddDraft = Extract<RecordDraft, { op: 'add' }>;

/** What happens at once: one record, or several of which all count or none. */
export type Draft = RecordDraft | readonly RecordDraft[];

type RecordBody =
  /** A new job; body: its data. `seq` becomes its creation number unless `job.order` or a snapshot says otherwise. */
  | { op: 'add'; job: JobHead; body: string; result?: string; by?: string }
  /** An attempt begins. */
  | { op: 'start'; id: string; worker: string }
  /** An attempt succeeded; body: its result, empty for none. */
  | { op: 'complete'; id: string; body: string }
  /** Completed without having run, as it was added with that wish: this parent failed, or (left out) none did. */
  | { op: 'skip'; id: string; parent?: string }
  /** Back to pending after a failed attempt (`failed`), a death (`crashed`; `held`: until somebody approves), or by hand (`manual`). */
  | {
      op: 'retry';
      id: string;
      cause: 'failed' | 'crashed' | 'manual';
      error?: JobError;
      runAt?: number;
      held?: true;
      by?: string;
    }
  /** Failed for good; `crashed` or `taken`: its worker left without settling it; `parent`: the lost job that it was to fail with. */
  | {
      op: 'fail';
      id: string;
      reason: FailureReason;
      error?: JobError;
      crashed?: true;
      taken?: true;
      parent?: string;
      by?: string;
    }
  /** Back to pending, the attempt not counted; `taken`: its worker left without settling it. */
  | { op: 'release'; id: string; taken?: true; runAt?: number }
  /** Back to pending until these jobs, which it added, have ended; the attempt not counted. */
  | { op: 'await'; id: string; name: string; children: string[]; onChildFailed?: Exclude<ChildPolicy, 'wait'> }
  /** Progress and log lines since the last report. */
  | { op: 'report'; id: string; progress?: number; detail?: Json; logs?: JobLog[]; stuck?: true }
  /** Body: what the next attempt receives. */
  | { op: 'checkpoint'; id: string; body: string }
  /** Body: what later attempts receive instead of doing the step again, empty for nothing. */
  | { op: 'step'; id: string; name: string; body: string }
  /** A running job is asked to stop. */
  | { op: 'cancel'; id: string; by?: string }
  /** Body: the new data, empty when it stays. `absorbs`: the id of an add that it takes up, because this job holds its key. */
  | { op: 'edit'; id: string; patch: EditPatch; body: string; by?: string; absorbs?: string }
  /** A change is undone: the job stands as it did before it. Body: the data, empty when it stays. */
  | { op: 'restore'; id: string; job: RestoredHead; body: string; by?: string }
  /** Leaves the store; `archived` when its retention ended, `replaced` when the next record adds another one of its id. */
  | { op: 'remove'; id: string; why: 'removed' | 'archived' | 'replaced'; by?: string }
  /** A settlement that did not hold the running attempt's token was turned away. */
  | { op: 'refuse'; id: string; token: string; outcome: string }
  | { op: 'pause'; paused: boolean; type?: string; by?: string }
  /** Body: the definition's value; empty: it is removed. */
  | { op: 'define'; kind: DefinitionKind; name: string; body: string; by?: string }
  /** A slot of a schedule was dealt with: see `SlotOutcome`. The record of the job that it made follows in the same batch. */
  | ({ op: 'fire'; schedule: string } & SlotOutcome)
  /** A worker took its first job: `instance` names the process that it lives in, whose death takes its jobs back. */
  | { op: 'worker'; worker: string; instance: string };

/** A numbered record. */
export type StoreRecord = RecordBody & RecordBase;
