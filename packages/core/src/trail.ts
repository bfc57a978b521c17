/**
 * The audit trail of a job: what `JobStore.trail` tells, and what `JobStore.undo` is asked.
 *
 * @module
 */
import type { FailureReason, JobError, JobStatus, Json } from './job';

/** Kinds of recorded transitions, as the table of the state machine has them. */
export const TRAIL_OPS = [
  'add',
  'start',
  'complete',
  'skip',
  'retry',
  'fail',
  'release',
  'await',
  'report',
  'checkpoint',
  'step',
  'cancel',
  'edit',
  'restore',
  'remove',
  'refuse',
] as const;

/** One of {@link TRAIL_OPS}. */
export type TrailOp = (typeof TRAIL_OPS)[number];

/** One recorded transition of a job. */
export interface TrailEntry {
  /** Its number in the history of the store. */
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  op: TrailOp;
  /** The status before; left out when there was no job, or when what is kept does not tell. */
  from?: JobStatus;
  /** The status afterwards; left out when the job left the store. */
  to?: JobStatus;
  /** The attempt that it belongs to, counted from 1; left out when what is kept does not tell. */
  attempt?: number;
  /** Who ran, or runs, that attempt. */
  worker?: string;
  /** Who asked for it, as the call said. */
  by?: string;
  /** The change that it is a part of: see `JobStore.undo`. */
  operation?: number;
  /** `fail`, and a `restore` to failed. */
  reason?: FailureReason;
  /** `retry`: after a failed attempt, after the death of its process, or by hand. `remove`: by hand, for another one of its id, or because its retention ended. */
  cause?: 'failed' | 'crashed' | 'manual' | 'removed' | 'archived' | 'replaced';
  error?: JobError;
  /** `report`: percent. */
  progress?: number;
  /** `edit` and `restore`: each field that has another value since, with that before as far as it is known. `null`: it has none. */
  changes?: Record<string, { from?: Json; to: Json }>;
}

/** The life of a job, as far as it is kept. */
export interface Trail {
  id: string;
  /** The oldest first; empty when nothing that is kept names this job. */
  entries: TrailEntry[];
  /** It begins with the adding of the job, so that nothing is missing. */
  complete: boolean;
  /** Where the record of the store begins: what happened before is not kept. `null`: nothing is kept yet. */
  since: { seq: number; at: string } | null;
}

/** Takes back what one change did. */
export interface UndoRequest {
  /** The `operation` of that change's result; left out: the newest one. An undo is a change, too, and can be undone. */
  operation?: number;
  /** Count what would be put back, and change nothing. */
  dryRun?: boolean;
  /** Who asks, for the audit trail. */
  by?: string;
}
