import { type JobError, MAX_ERRORS, MAX_LOGS } from '../../job';
import type { EventKind, Report, ReportResult, Settlement, SettleResult } from '../../store';
import { find, inAnyOrder, inTurn, iso, type Known, type Reference, record, surely, tell, waitAnew } from './reference';
import { serve } from './reference-claim';
import { end, fail } from './reference-end';
import { enter } from './reference-new';

/** `settle`: each for itself, in order; the states are those after the whole batch. */
export function settle(ref: Reference, settlements: Settlement[]): SettleResult[] {
  const accepted = settlements.map((settlement) => settleOne(ref, settlement));
  serve(ref);
  return settlements.map(({ id }, n) => {
    const status = find(ref, id)?.job.status;
    return { id, accepted: accepted[n] === true, ...(status && { status }) };
  });
}

function settleOne(ref: Reference, settlement: Settlement): boolean {
  const one = find(ref, settlement.id);
  if (!one) return false;
  const { token, outcome } = settlement;
  if (one.token === undefined || one.token !== token) {
    // Who lost the answer may ask again; an attempt that completed did not fail, too.
    if (one.settled === token && (one.job.status === 'completed') === (outcome === 'completed')) return true;
    tell(ref, one, 'refused');
    return false;
  }
  one.settled = token;
  one.unsure = surely(one);
  if (outcome === 'completed') complete(ref, one, settlement);
  else if (outcome === 'released') release(ref, one, settlement.delay);
  else if (outcome === 'waiting') wait(ref, one, settlement);
  else failed(ref, one, settlement);
  return true;
}

function complete(ref: Reference, one: Known, { result }: Extract<Settlement, { outcome: 'completed' }>): void {
  end(ref, one, 'completed', (job) => {
    job.status = 'completed';
    job.metadata.progress = 100;
    if (result === undefined) delete job.result;
    else job.result = result;
  });
  for (const child of ref.known) child.waitingFor = child.waitingFor.filter((parent) => parent !== one.job.id);
}

function failed(ref: Reference, one: Known, settlement: Extract<Settlement, { outcome: 'failed' }>): void {
  const { retryIn } = settlement;
  const error: JobError = { at: iso(ref.now), attempt: one.job.attempt, ...settlement.error };
  one.failures++;
  if (one.job.cancelling) fail(ref, one, 'cancelled', error);
  else if (retryIn === undefined || one.failures >= one.job.maxAttempts || isTooLate(one, ref.now + retryIn))
    fail(ref, one, settlement.reason, error);
  else {
    const runAt = retryIn > 0 ? iso(ref.now + retryIn) : undefined;
    back(ref, one, 'retrying', error, runAt);
    one.backoff = runAt !== undefined;
  }
}

/** Whether it may not be tried any more at this time. */
function isTooLate({ retryUntil }: Known, at: number): boolean {
  return retryUntil !== undefined && at > retryUntil;
}

/** Back to pending without an attempt spent, or the end of one that was being cancelled. */
export function release(ref: Reference, one: Known, delay = 0): void {
  if (one.job.cancelling) {
    fail(ref, one, 'cancelled');
    return;
  }
  delete one.token;
  const runAt = delay > 0 ? iso(ref.now + delay) : undefined;
  one.backoff = runAt !== undefined && one.job.attempt > 1 && one.job.metadata.errors.length > 0;
  record(
    ref,
    one,
    'released',
    (job) => {
      job.status = 'pending';
      job.attempt--;
      waitAnew(ref, job);
      if (runAt !== undefined) job.runAt = runAt;
    },
    { ...(runAt !== undefined && { runAt }) },
  );
  // Nothing was tried yet.
  if (one.job.attempt === 0) delete one.retryUntil;
}

/** It adds jobs, and waits for them. */
function wait(ref: Reference, one: Known, { children }: Extract<Settlement, { outcome: 'waiting' }>): void {
  if (one.job.cancelling) {
    release(ref, one);
    return;
  }
  const { name, jobs, onChildFailed = 'wait' } = children;
  const ids = jobs.map(({ id }) => id as string);
  for (const spec of jobs) {
    const child = enter(ref, spec, spec.id as string);
    child.job.parent = one.job.id;
    tell(ref, child, 'added');
  }
  delete one.token;
  one.waitingFor = ids;
  record(ref, one, 'waiting', (job) => {
    job.status = 'pending';
    job.attempt--;
    waitAnew(ref, job);
    const group = { name, ids, ...(onChildFailed !== 'wait' && { onChildFailed }) };
    job.children = [...(job.children ?? []), group];
  });
}

/** Its process died while it ran this job. */
export function crash(ref: Reference, one: Known): void {
  const { job } = one;
  const crashes = (job.metadata.crashes ?? 0) + 1;
  const error: JobError = {
    at: iso(ref.now),
    attempt: job.attempt,
    name: 'CrashError',
    code: 'CRASHED',
    message: `The process of worker ${job.worker} ended while it ran this job.`,
  };
  job.metadata.crashes = crashes;
  if (job.cancelling) fail(ref, one, 'cancelled', error);
  else if (job.onCrash === 'fail' || crashes >= job.maxCrashes || isTooLate(one, ref.now))
    fail(ref, one, 'crashed', error);
  else {
    if (job.onCrash === 'hold') job.held = true;
    back(ref, one, 'crashed', error);
  }
}

function back(ref: Reference, one: Known, kind: EventKind, error: JobError, runAt?: string): void {
  delete one.token;
  one.backoff = false;
  record(
    ref,
    one,
    kind,
    (job) => {
      job.status = 'pending';
      job.metadata.retries++;
      job.metadata.errors = [...job.metadata.errors, error].slice(-MAX_ERRORS);
      if (runAt === undefined) delete job.runAt;
      else job.runAt = runAt;
      delete job.cancelling;
      waitAnew(ref, job);
    },
    { error: error.message, ...(runAt !== undefined && { runAt }) },
  );
}

/** `report`. */
export function report(ref: Reference, reports: Report[]): ReportResult[] {
  const results: ReportResult[] = [];
  inAnyOrder(ref, () => {
    for (const one of reports) results.push(reportOne(ref, one));
  });
  return results;
}

function reportOne(
  ref: Reference,
  { id, token, progress, detail, logs = [], checkpoint, step, stuck }: Report,
): ReportResult {
  const one = find(ref, id);
  if (!one || one.token === undefined || one.token !== token) return { id, accepted: false, cancelling: false };
  const { metadata } = one.job;
  if (progress !== undefined) metadata.progress = progress;
  if (detail !== undefined) metadata.detail = detail;
  if (progress !== undefined || detail !== undefined) {
    const shown = metadata.detail !== undefined && { detail: metadata.detail };
    tell(ref, one, 'progress', { progress: metadata.progress, ...shown });
  }
  if (logs.length > 0) {
    metadata.logs = [...metadata.logs, ...logs].slice(-MAX_LOGS);
    tell(ref, one, 'log', { logs });
  }
  if (progress !== undefined || detail !== undefined || logs.length > 0) {
    // It is told now, and recorded when the store likes.
    one.spare++;
    one.unsure.seen.push({ progress: metadata.progress, detail: metadata.detail });
  }
  if (checkpoint !== undefined)
    record(ref, one, 'checkpoint', (job) => {
      job.metadata.checkpoint = checkpoint;
    });
  if (step && !metadata.steps?.some(({ name }) => name === step.name))
    record(
      ref,
      one,
      'step',
      (job) => {
        job.metadata.steps = [...(job.metadata.steps ?? []), { ...step, at: iso(ref.now) }];
      },
      { step: step.name },
    );
  if (stuck && !metadata.stuck) {
    record(ref, one, 'stuck', (job) => {
      job.metadata.stuck = true;
    });
    one.unsure = surely(one);
  }
  return { id, accepted: true, cancelling: one.job.cancelling === true };
}

/** `takeBack`. In which order its jobs go back is the store's affair. */
export function takeBack(
  ref: Reference,
  workers: string[],
  cause: 'released' | 'crashed',
  keep: string[] | undefined,
): number {
  const lost = ref.known.filter(
    ({ job, token }) =>
      job.status === 'active' && workers.includes(job.worker ?? '') && !keep?.some((kept) => kept === token),
  );
  inAnyOrder(ref, () => {
    for (const one of inTurn(ref, lost)) {
      delete one.settled;
      if (cause === 'released') release(ref, one);
      else crash(ref, one);
    }
  });
  // A worker that says what it keeps, if only nothing, is still there.
  if (!keep) ref.takers = ref.takers.filter(({ worker }) => !workers.includes(worker));
  serve(ref);
  return lost.length;
}
