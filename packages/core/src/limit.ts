/**
 * Limits: how many jobs may run at once, and how many may start in a time.
 *
 * @module
 */

/** Starts that a token bucket lets through: `count` per `per`, and up to `burst` at once after a rest. */
export interface RateSpec {
  /** Starts, 1 or more. */
  count: number;
  /** Milliseconds. */
  per: number;
  /** How many may start at once when none started for a while; `count` by default. */
  burst?: number;
}

/** The value of a definition of kind `limit`. At least one of `concurrency`, `rate` and `ordered` is there. */
export interface LimitSpec {
  /** For people. */
  description?: string;
  /** Types that it is about; left out: all. */
  types?: string[];
  /** Tags of which a job must carry one; left out: with any tags or none. */
  tags?: string[];
  /** Counts each type, or each group, by itself; left out: all that it is about together. Jobs without a group are not limited by group. */
  by?: 'type' | 'group';
  /** Jobs that run at once, at most. 0 lets none start. */
  concurrency?: number;
  rate?: RateSpec;
  /**
   * With `by: 'group'`: a group's jobs run one at a time, each only once the one before it has ended, retries included.
   */
  ordered?: boolean;
}
