/**
 * What workers and stores tell each other: claims, settlements and reports.
 *
 * @module
 */
import type { FailureReason, Job, JobError, JobLog, JobStatus, Json, NewChildren } from './job';

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
