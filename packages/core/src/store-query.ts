/**
 * Questions about the jobs of a store, now and earlier, and their answers.
 *
 * @module
 */
import type { FailureReason, Job, JobStatus } from './job';

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
