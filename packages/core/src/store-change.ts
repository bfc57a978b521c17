/**
 * Changes of jobs, and what became of them.
 *
 * @module
 */
import type { BackoffSpec, JobStatus, Json } from './job';
import type { JobFilter } from './store-query';

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
  backoff?: BackoffSpec | null;
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
