/**
 * The state machine of a job, as one table. The engine refuses what is not in it, the documentation prints it, and tests walk it.
 *
 * @module
 */
import type { JobStatus } from '../job';
import type { StoreRecord } from './records';

/** Kinds of records about one job. */
export type JobOp = Exclude<StoreRecord['op'], 'pause' | 'worker' | 'define' | 'fire'>;

/** What one kind of record means for a job's status. */
export interface Transition {
  /** States it may start from; none: the job does not exist yet. */
  from: readonly JobStatus[];
  /** The state afterwards, or those that it may be; `null`: the job is gone. Left out: unchanged. */
  to?: JobStatus | readonly JobStatus[] | null;
  /** For people. */
  when: string;
}

/** All transitions, by the kind of their record. */
export const TRANSITIONS: Record<JobOp, Transition> = {
  add: {
    from: [],
    to: 'pending',
    when: 'a producer adds the job, a file in the inbox is adopted, or it comes from another store',
  },
  start: {
    from: ['pending'],
    to: 'active',
    when: 'a worker claims it; the attempt is counted before its handler runs',
  },
  complete: { from: ['active'], to: 'completed', when: 'the handler returned' },
  skip: {
    from: ['pending'],
    to: 'completed',
    when: 'a parent failed and it has `onParentFailed: skip`, or none did and it has `only`',
  },
  retry: {
    from: ['active', 'failed'],
    to: 'pending',
    when: 'the attempt failed or its process died and tries are left, or by hand',
  },
  fail: {
    from: ['pending', 'active'],
    to: 'failed',
    when: 'no tries are left, the error forbids another, it was cancelled, or a parent failed',
  },
  release: {
    from: ['active'],
    to: 'pending',
    when: 'its worker shut down first, or the handler put it off; the attempt is not counted',
  },
  await: {
    from: ['active'],
    to: 'pending',
    when: 'the handler added jobs and waits for them; the attempt is not counted',
  },
  report: { from: ['active'], when: 'the handler reported progress or logged' },
  checkpoint: { from: ['active'], when: 'the handler left a checkpoint for the next attempt' },
  step: { from: ['active'], when: 'the handler did a step that later attempts need not do again' },
  cancel: { from: ['active'], when: 'somebody cancelled the running job; its handler is told to stop' },
  edit: {
    from: ['pending'],
    when: 'priority, order, data or options were changed, a held job was approved, or a waiting one aged',
  },
  restore: { from: ['pending', 'failed'], to: ['pending', 'failed'], when: 'a change of it was undone' },
  remove: {
    from: ['pending', 'completed', 'failed'],
    to: null,
    when: 'it was removed or replaced, or its retention ended',
  },
  refuse: { from: ['pending', 'active', 'completed', 'failed'], when: 'a late or foreign settlement was turned away' },
};

/** Whether the table has this transition. */
export function allows(op: JobOp, from: JobStatus): boolean {
  return TRANSITIONS[op].from.includes(from);
}

/** Whether the job ends by this record without having completed. */
export function losesDependents(record: StoreRecord): boolean {
  if (record.op === 'remove') return record.why !== 'replaced';
  return record.op === 'fail' || (record.op === 'restore' && record.job.status === 'failed');
}
