/**
 * How long a failed job waits for its next attempt.
 *
 * @module
 */
import type { BackoffSpec } from './job';
import type { BackoffFunction } from './processor';

/** The backoff where neither the job nor its processor names one: 1 s, 2 s, 4 s … up to 1 h, a fifth of it random. */
export const DEFAULT_BACKOFF: BackoffSpec = {
  type: 'exponential',
  delay: 1_000,
  factor: 2,
  max: 3_600_000,
  jitter: 0.2,
};

/** Upper bound of one wait of a backoff that names none. */
const DEFAULT_MAX_MS = 3_600_000;

/** A century: with any `now` of this age it stays inside the range of dates. */
const LONGEST_WAIT_MS = 3_155_760_000_000;

/**
 * Milliseconds until the attempt after the `failures`-th failed one. Jitter shortens a wait and never lengthens it, so `max` holds.
 *
 * @param random Gives numbers from 0 (inclusive) to 1 (exclusive).
 */
export function backoffDelay(backoff: BackoffSpec, failures: number, random: () => number = Math.random): number {
  const { type, delay, factor = 2, max = DEFAULT_MAX_MS, jitter = 0 } = backoff;
  // Without a delay there is nothing to grow; 0 times an overflowed factor would be NaN.
  const grown = type === 'exponential' && delay > 0 ? delay * factor ** (failures - 1) : delay;
  const wait = Math.min(grown, max, LONGEST_WAIT_MS);
  return Math.round(wait * (1 - jitter * random()));
}

/**
 * {@link backoffDelay}, for a processor's function too. A function that throws, or gives no usable number, changes no job's outcome: the
 * default backoff steps in, and `onFault` is told.
 */
export function delayOf(
  backoff: BackoffSpec | BackoffFunction,
  failures: number,
  error: unknown,
  onFault: (fault: unknown) => void,
  random?: () => number,
): number {
  if (typeof backoff !== 'function') return backoffDelay(backoff, failures, random);
  try {
    const wait = backoff(failures, error);
    if (Number.isFinite(wait)) return boundedWait(wait);
    onFault(
      new TypeError(`A backoff function gave ${String(wait)} instead of milliseconds; the default backoff is used.`),
    );
  } catch (fault) {
    onFault(fault);
  }
  return backoffDelay(DEFAULT_BACKOFF, failures, random);
}

/** A wait that any clock can add to its time: whole milliseconds from 0 to a century. */
export function boundedWait(ms: number): number {
  return Math.round(Math.min(Math.max(ms, 0), LONGEST_WAIT_MS));
}
