/**
 * Jobs that come with a past that no record tells: of another store, of a folder that was copied from a backup, of a file that a person put
 * there.
 *
 * @module
 */
import type { Job, JobStatus } from '../job';
import type { AddDraft, JobHead, RunHead } from './records';

/** The record that takes a job over in this state. One that was running was interrupted: whoever ran it is not connected. */
export function adoption(job: Job, state: JobStatus): AddDraft {
  const status = state === 'active' ? interrupted(job) : state;
  const { metadata } = job;
  const head: JobHead = {
    id: job.id,
    type: job.type,
    priority: job.priority,
    maxAttempts: job.maxAttempts,
    maxCrashes: job.maxCrashes,
    status,
    rev: job.rev,
    attempt: job.attempt,
    retries: metadata.retries,
    run: runOf(job, status),
  };
  const created = Date.parse(job.created);
  if (Number.isFinite(created)) head.created = created;
  const updated = Date.parse(job.updated);
  if (Number.isFinite(updated)) head.updated = updated;
  if (job.order !== undefined) head.order = job.order;
  if (job.runAt !== undefined && status === 'pending') head.runAt = Date.parse(job.runAt);
  if (job.expiresAt !== undefined) head.expiresAt = Date.parse(job.expiresAt);
  if (job.ageing !== undefined) head.ageing = job.ageing;
  if (job.agedAt !== undefined) head.agedAt = Date.parse(job.agedAt);
  if (job.retryFor !== undefined) head.retryFor = job.retryFor;
  if (job.onCrash) head.onCrash = job.onCrash;
  if (job.deadLetter !== undefined) head.deadLetter = job.deadLetter;
  if (job.deadLetterOf) head.deadLetterOf = job.deadLetterOf;
  if (job.timeout !== undefined) head.timeout = job.timeout;
  if (job.backoff) head.backoff = job.backoff;
  if (job.key !== undefined) head.key = job.key;
  if (job.group !== undefined) head.group = job.group;
  if (job.needs) head.needs = job.needs;
  if (job.tags) head.tags = job.tags;
  if (job.trace) head.trace = job.trace;
  if (job.dependsOn) head.dependsOn = job.dependsOn;
  if (job.onParentFailed) head.onParentFailed = job.onParentFailed;
  if (job.parent !== undefined) head.parent = job.parent;
  if (job.children) head.children = job.children;
  const draft: AddDraft = { op: 'add', job: head, body: JSON.stringify(job.data ?? null) };
  if (job.result !== undefined) draft.result = JSON.stringify(job.result);
  return draft;
}

/** Nobody knows how far it came. */
function interrupted({ onCrash }: Job): 'pending' | 'failed' {
  return onCrash === 'fail' ? 'failed' : 'pending';
}

function runOf(job: Job, status: JobStatus): RunHead {
  const { metadata } = job;
  const run: RunHead = {};
  if (metadata.progress !== 0) run.progress = metadata.progress;
  if (metadata.detail !== undefined) run.detail = metadata.detail;
  if (metadata.logs.length > 0) run.logs = metadata.logs;
  if (metadata.errors.length > 0) run.errors = metadata.errors;
  if (metadata.crashes !== undefined) run.crashes = metadata.crashes;
  if (metadata.checkpoint !== undefined) run.checkpoint = metadata.checkpoint;
  if (metadata.steps !== undefined) run.steps = metadata.steps;
  if (job.worker !== undefined) run.worker = job.worker;
  if (job.started !== undefined) run.started = Date.parse(job.started);
  if (status === 'pending') {
    if (job.held || (job.status === 'active' && job.onCrash === 'hold')) run.held = true;
    return run;
  }
  run.finished = Date.parse(job.finished ?? job.updated);
  if (!Number.isFinite(run.finished)) delete run.finished;
  if (job.skipped) run.skipped = true;
  if (status === 'failed') run.reason = job.status === 'active' ? 'crashed' : (job.reason ?? 'error');
  return run;
}
