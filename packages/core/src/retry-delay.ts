/**
 * Whether, and when, a failed attempt is followed by another one.
 *
 * @module
 */
import { boundedWait, DEFAULT_BACKOFF, delayOf } from './backoff';
import { codeOf } from './failure';
import type { Job } from './job';
import type { AnyProcessor } from './processor';

/** Milliseconds for which the handler put its job off, if that is what it threw. By code, like all that a handler may throw. */
export function snoozeDelay(error: unknown): number | undefined {
  if (codeOf(error) !== 'SNOOZE') return undefined;
  const { delay } = error as { delay?: unknown };
  return typeof delay === 'number' && !Number.isNaN(delay) ? boundedWait(delay) : undefined;
}

/**
 * Milliseconds until the next attempt, if the store finds that one is left; `undefined` when there must be none. The job's own backoff
 * goes before its processor's, and that before the default.
 */
export function retryDelay(
  job: Job,
  processor: AnyProcessor,
  error: unknown,
  now: number,
  onFault: (fault: unknown) => void,
): number | undefined {
  // By code, not by class: a processor may come with its own copy of this package.
  const code = codeOf(error);
  if (code === 'UNRECOVERABLE') return undefined;
  if (code === 'RETRY_AT') {
    const { at } = error as { at?: unknown };
    if (typeof at === 'number' && !Number.isNaN(at)) return boundedWait(at - now);
  }
  // Crashes are attempts too, but no failures of the handler: they do not make the wait longer.
  const failures = job.attempt - (job.metadata.crashes ?? 0);
  const backoff = job.backoff ?? processor.defaults?.backoff ?? DEFAULT_BACKOFF;
  return delayOf(backoff, failures, error, onFault);
}
