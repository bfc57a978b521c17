/**
 * Windows: at which times of the week jobs may start.
 *
 * @module
 */
import type { TimeRange } from './schedule/open-times';

/** The value of a definition of kind `window`. */
export interface WindowSpec {
  /** For people. */
  description?: string;
  /** Types that it is about; left out: all. */
  types?: string[];
  /** Tags of which a job must carry one; left out: with any tags or none. */
  tags?: string[];
  /** When such jobs may start: in any of these ranges. What runs when it closes runs on. */
  open: TimeRange[];
}
