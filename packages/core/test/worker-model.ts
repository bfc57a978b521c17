/**
 * Random jobs with handlers of every kind, and what must become of each: said without a look at the engine or the worker.
 */
import type * as FastCheck from 'fast-check';
import type { FailureReason, JobStatus } from '../src/job';

/** What a handler does in one attempt. */
export interface Behaviour {
  does: 'complete' | 'throw' | 'give up' | 'retry at' | 'hang' | 'ignore';
  /** Milliseconds of work before that, which heeds the signal. */
  after: number;
  reports: boolean;
  checkpoints: boolean;
}

/** One job. */
export interface JobPlan {
  type: 'quick' | 'heavy';
  /** By attempt; what is left out completes. */
  attempts: Behaviour[];
  maxAttempts: number;
  timeout: number;
  delay: number | undefined;
  /** Milliseconds after which somebody cancels it. */
  cancelledAt: number | undefined;
}

/** A whole story. */
export interface StoryPlan {
  jobs: JobPlan[];
  workers: number;
  concurrency: number;
  heavyConcurrency: number;
  /** The first worker is stopped then, and another one takes its place. */
  stoppedAt: number | undefined;
  stopTimeout: number;
}

/** Milliseconds that a handler ignores its signal for: longer than anybody waits for it. */
export const IGNORES_MS = 20_000;
export const BACKOFF_MS = 200;
export const RETRY_AT_MS = 500;

/** Draws stories. No work takes exactly as long as a timeout. */
export function storiesOf(fc: typeof FastCheck): FastCheck.Arbitrary<StoryPlan> {
  const maybe = <T>(arbitrary: FastCheck.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
  const behaviour = fc.record({
    does: fc.constantFrom<Behaviour['does']>('complete', 'throw', 'throw', 'give up', 'retry at', 'hang', 'ignore'),
    after: fc.constantFrom(0, 0, 30, 250, 700),
    reports: fc.boolean(),
    checkpoints: fc.boolean(),
  });
  const job = fc.record({
    type: fc.constantFrom('quick' as const, 'heavy' as const),
    attempts: fc.array(behaviour, { maxLength: 3 }),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    timeout: fc.constantFrom(100, 400, 1_000),
    delay: maybe(fc.constantFrom(1, 300, 3_000)),
    cancelledAt: maybe(fc.constantFrom(0, 10, 200, 1_500)),
  });
  return fc.record({
    jobs: fc.array(job, { minLength: 1, maxLength: 10 }),
    workers: fc.integer({ min: 1, max: 2 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    heavyConcurrency: fc.integer({ min: 1, max: 2 }),
    stoppedAt: maybe(fc.constantFrom(0, 20, 260, 1_100)),
    stopTimeout: fc.constantFrom(0, 150, 10_000),
  });
}

/** How a job must end that nobody cancels. */
export interface Ending {
  status: JobStatus;
  reason?: FailureReason;
  attempt: number;
  retries: number;
  /** Names of the errors, in order. */
  errors: string[];
  /** Number of the attempt that left the checkpoint. */
  checkpoint?: number;
  /** Progress of the last attempt; 100 when it completed. */
  progress: number;
  /** Attempts that logged. */
  logs: number[];
}

/** See {@link Ending}. */
export function endingOf({ attempts, maxAttempts, timeout }: JobPlan): Ending {
  const ending: Ending = { status: 'pending', attempt: 0, retries: 0, errors: [], progress: 0, logs: [] };
  for (;;) {
    const behaviour = attempts[ending.attempt++];
    ending.progress = behaviour?.reports ? 10 * ending.attempt : 0;
    if (behaviour?.reports) ending.logs.push(ending.attempt);
    if (behaviour?.checkpoints) ending.checkpoint = ending.attempt;
    const isLate =
      behaviour !== undefined && (behaviour.after > timeout || ['hang', 'ignore'].includes(behaviour.does));
    if (!isLate && (behaviour === undefined || behaviour.does === 'complete')) {
      return { ...ending, status: 'completed', progress: 100 };
    }
    ending.errors.push(isLate ? 'TimeoutError' : (ERRORS[behaviour?.does ?? ''] ?? ''));
    const isFinal = !isLate && behaviour?.does === 'give up';
    if (isFinal || ending.attempt === maxAttempts)
      return { ...ending, status: 'failed', reason: isLate ? 'timeout' : 'error' };
    ending.retries++;
  }
}

const ERRORS: Record<string, string> = {
  throw: 'RangeError',
  'give up': 'UnrecoverableError',
  'retry at': 'RetryAtError',
};
