/**
 * What a store counted: for charts by time ({@link HistoryResult}), and since it began ({@link StoreMetrics}).
 *
 * @module
 */

/** Types beyond the first {@link MAX_COUNTED_TYPES} are counted together under this name, which no type can have. */
export const OTHER_TYPES = '*';

/** So many types have counters of their own. */
export const MAX_COUNTED_TYPES = 64;

/** Points that one answer holds at most. */
export const MAX_HISTORY_POINTS = 3_000;

/** Which part of the history. */
export interface HistoryQuery {
  /** Epoch milliseconds, inclusive; an hour before `to` by default. Rounded down to a whole step (of UTC). */
  from?: number;
  /** Epoch milliseconds, exclusive; now by default. Rounded up to a whole step. */
  to?: number;
  /**
   * Milliseconds per point, at least a minute; chosen so that there are 120 points at most by default. Rounded up to what is still kept
   * of the time since `from`: whole minutes, hours or days.
   */
  step?: number;
  /** Only this type; left out: all together. */
  type?: string;
}

/** How long something took. */
export interface TimeStats {
  /** How many times it was measured. */
  count: number;
  /** Milliseconds, all together: exact. */
  sum: number;
  /** Milliseconds, at most a ninth off (see `engine/histogram.ts`); left out when nothing was measured. */
  p50?: number;
  p95?: number;
  p99?: number;
}

/** How often each thing happened. */
export interface HistoryCounts {
  /** Jobs that came into the store to be run. */
  added: number;
  /** Attempts that began. */
  started: number;
  /** Jobs that completed, skipped ones included. */
  completed: number;
  /** Jobs that failed for good, were cancelled, or whose retry by hand was undone. */
  failed: number;
  /** Jobs that went back to pending after a failed attempt or a crash, by hand, or because their cancellation was undone. */
  retried: number;
}

/** Counters of one span of time. */
export interface HistoryStats extends HistoryCounts {
  /**
   * From when a job could run (it was added, its `runAt` came, its last parent ended, it went back to pending) to the start of its attempt.
   * Pauses count as waiting.
   */
  wait: TimeStats;
  /** From the start of an attempt to its end, be it a success or a failure; those that a crash or a shutdown ended are left out. */
  run: TimeStats;
}

/** One point of a chart. */
export interface HistoryPoint extends HistoryStats {
  /** Where its step begins: epoch milliseconds. */
  at: number;
}

/** A part of the history. */
export interface HistoryResult {
  /** Epoch milliseconds: the start of the first point. */
  from: number;
  /** Epoch milliseconds: the end of the last point. */
  to: number;
  /** Milliseconds per point; it may be more than was asked for, see {@link HistoryQuery.step}. */
  step: number;
  /** One per step, also where nothing happened. */
  points: HistoryPoint[];
  /** All points together. */
  total: HistoryStats;
  /** The types that have counters of their own, and {@link OTHER_TYPES} when there are more. */
  types: string[];
}

/** How often something took how long. Histograms are added up by adding the counts of equal bounds. */
export interface Histogram {
  count: number;
  /** Milliseconds, all together. */
  sum: number;
  /** `[upper bound in milliseconds, inclusive; how many lie between it and the bound below]`, ascending; those with none are left out. */
  buckets: [upTo: number, count: number][];
}

/** Counters of one type since the store began; they never go back. */
export interface TypeMetrics extends HistoryCounts {
  /** See {@link HistoryStats.wait}. */
  wait: Histogram;
  /** See {@link HistoryStats.run}. */
  run: Histogram;
}

/** What monitoring systems ask for. How many jobs there are now is told by `counts()`. */
export interface StoreMetrics {
  /** By type; types beyond {@link MAX_COUNTED_TYPES} under {@link OTHER_TYPES}. */
  types: Record<string, TypeMetrics>;
  /** Workers that run jobs, or wait for some. */
  workers: number;
  /** For how many milliseconds the ready job that runs next has been able to run, by type. */
  oldestReady: Record<string, number>;
}
