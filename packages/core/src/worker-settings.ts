/**
 * How a worker runs its jobs.
 *
 * @module
 */
import { type Issue, ValidationError } from './errors';
import type { Logger } from './logger';

/** Options of a `Worker` that have nothing to do with where its jobs come from. */
export interface WorkerSettings {
  /** Jobs that run at once; 10 by default. */
  concurrency?: number;
  /** Shown as the `worker` of its jobs. Unique among the workers of a store: made up unless given. */
  name?: string;
  /**
   * Ended attempts whose outcomes the store has not acknowledged yet; no more jobs are claimed while there are so many. 1,000 by default:
   * as many jobs may run a second time after a crash.
   */
  maxUnacknowledged?: number;
  /** Milliseconds that a handler has to end after its signal aborted, before it loses the outcome and its slot; 5,000 by default. */
  stuckAfter?: number;
  /** Gets a line for whatever needs attention. */
  logger?: Logger;
}

/** @throws ValidationError */
export function assertSettings(settings: Record<'concurrency' | 'maxUnacknowledged' | 'stuckAfter', number>): void {
  const issues: Issue[] = [];
  for (const field of ['concurrency', 'maxUnacknowledged'] as const) {
    const value = settings[field];
    if (!Number.isInteger(value) || value < 1)
      issues.push({ path: [field], message: 'must be an integer of 1 or more' });
  }
  if (!(settings.stuckAfter >= 0)) issues.push({ path: ['stuckAfter'], message: 'must be milliseconds, 0 or more' });
  if (issues.length > 0) throw new ValidationError('The worker', issues);
}
