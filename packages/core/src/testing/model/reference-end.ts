import { type FailureReason, type JobError, MAX_ERRORS } from '../../job';
import type { EventKind } from '../../store';
import { iso, type Known, type Reference, record } from './reference';
import { leaveLetter } from './reference-letter';

/** Fails for good. */
export function fail(ref: Reference, one: Known, reason: FailureReason, error?: JobError): void {
  leaveLetter(ref, one, reason, error);
  end(
    ref,
    one,
    'failed',
    (job) => {
      job.status = 'failed';
      job.reason = reason;
      if (error) job.metadata.errors = [...job.metadata.errors, error].slice(-MAX_ERRORS);
    },
    { reason, ...(error && { error: error.message }) },
  );
}

/** It has an outcome, of which `change` is what shows. */
export function end(ref: Reference, one: Known, kind: EventKind, change: (job: Known['job']) => void, more = {}): void {
  delete one.token;
  one.finishedNo = ++ref.finished;
  record(
    ref,
    one,
    kind,
    (job) => {
      change(job);
      job.finished = iso(ref.now);
      delete job.cancelling;
      delete job.held;
      delete job.runAt;
    },
    more,
  );
}
