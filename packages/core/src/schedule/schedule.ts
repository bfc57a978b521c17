/**
 * The vocabulary of schedules: what makes jobs again and again, as the API takes it and as its file in `schedules/` holds it.
 *
 * @module
 */
import type { JobOptions, Json } from '../job';

/** What becomes of slots whose time passed while nothing could fire them. */
export const MISSED_POLICIES = ['none', 'one', 'all'] as const;

/**
 * One of {@link MISSED_POLICIES}, for slots that passed while the program was off or the machine asleep:
 * - `none`: they are left out; only a slot that is at most a minute late still fires;
 * - `one`: the newest one fires, in place of all of them;
 * - `all`: each fires, the oldest first; of more than `missedCap` the newest.
 */
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

/** What becomes of a slot while the job of an earlier one is not finished. */
export const OVERLAP_POLICIES = ['allow', 'skip', 'replace', 'queue'] as const;

/**
 * One of {@link OVERLAP_POLICIES}, for when the job of the slot before is still pending or active:
 * - `allow`: the slot makes its job all the same, and both may run at once;
 * - `skip`: the slot makes no job;
 * - `replace`: the earlier job is cancelled; the new one starts once that has ended;
 * - `queue`: the new job starts once the earlier one has ended, however it ends.
 */
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** Options of the jobs of a schedule: those of any job, but for what the schedule itself decides. */
export type ScheduledJobOptions = Omit<JobOptions, 'id' | 'delay' | 'runAt' | 'dependsOn' | 'onParentFailed'>;

/** The job that each slot makes. */
export interface ScheduledJob<Type extends string = string, Data = unknown> {
  type: Type;
  data: Data;
  options?: ScheduledJobOptions;
}

/** When slots come: a cron pattern or an interval, and its bounds. */
export interface ScheduleTiming {
  /** Five fields (minute, hour, day of month, month, day of week) or six (a second in front), or a nickname such as `@daily`. */
  cron?: string;
  /** Milliseconds from slot to slot, counted from `start`, or else from the creation of the schedule; without drift. */
  every?: number;
  /** IANA time zone of `cron`, for example `Europe/Berlin`; UTC by default. */
  timezone?: string;
  /** No slot before this time. ISO 8601 in the file. */
  start?: string;
  /** No slot after this time. ISO 8601 in the file. */
  end?: string;
}

/** A schedule as the store keeps it: the value of a definition of kind `schedule`. */
export interface ScheduleValue extends ScheduleTiming {
  /** So many jobs in all; unlimited by default. */
  limit?: number;
  paused?: boolean;
  /** `one` by default. */
  missed?: MissedPolicy;
  /** Most missed slots that `missed: 'all'` fires at once, 1 to 1,000; {@link DEFAULT_MISSED_CAP} by default. */
  missedCap?: number;
  /** `allow` by default. */
  overlap?: OverlapPolicy;
  job: ScheduledJob<string, Json>;
}

/** Missed slots that `missed: 'all'` fires unless the schedule says otherwise. */
export const DEFAULT_MISSED_CAP = 100;

/** Slots after `from` and before `to` (epoch milliseconds) that were passed over without firing. */
export interface SlotGap {
  from: number;
  to: number;
}

/** What became of a schedule so far. Times are epoch milliseconds. */
export interface ScheduleState {
  /** Slots up to here are none of its own: it was created, resumed, or given another timing then. */
  since: number;
  /** The newest slot that was dealt with. */
  slot?: number;
  /** What was passed over lately, the oldest first: it fires after all if the clock turns out to have been ahead. */
  gaps?: SlotGap[];
  /** Jobs that its slots made. */
  runs: number;
  /** Slots that made none: missed ones that were found late and left out, and those of `overlap: 'skip'`. */
  skipped: number;
  /** Id of the newest job. */
  job?: string;
}
