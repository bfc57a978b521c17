/**
 * What becomes of an attempt whose handler threw, was told to stop, or both.
 *
 * @module
 */
import {
  type CancelledError,
  InterruptedError,
  MemoryLimitError,
  type ShutdownError,
  type TimeoutError,
  WorkerCrashError,
} from './errors';
import { codeOf, describeFailure, type Failure } from './failure';
import { snoozeDelay } from './retry-delay';

/** Why an attempt's signal aborts. */
export type AbortReason = TimeoutError | CancelledError | ShutdownError;

/** Whether the job goes back without an attempt spent. */
export function isReleasedBy(error: unknown, abort: AbortReason | undefined): boolean {
  if (!abort) return error instanceof InterruptedError || snoozeDelay(error) !== undefined;
  return abort.code === 'SHUTDOWN' && codeOf(error) !== 'UNRECOVERABLE';
}

/** Why the attempt failed. */
export function failureReason(
  error: unknown,
  abort: AbortReason | undefined,
): 'error' | 'timeout' | 'cancelled' | 'crashed' {
  if (abort?.code === 'TIMEOUT') return 'timeout';
  if (abort?.code === 'CANCELLED') return 'cancelled';
  return error instanceof WorkerCrashError || error instanceof MemoryLimitError ? 'crashed' : 'error';
}

/** What a handler throws after an abort is an echo of it: the abort is the cause, the handler's stack shows where it was. */
export function failureOf(error: unknown, abort: AbortReason | undefined): Failure {
  const reason = failureReason(error, abort);
  if (reason === 'error' || reason === 'crashed') return describeFailure(error);
  const { stack: _ownStack, ...failure } = describeFailure(abort);
  const { stack } = error === abort ? {} : describeFailure(error);
  return stack === undefined ? failure : { ...failure, stack };
}
