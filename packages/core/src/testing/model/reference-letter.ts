import type { FailureReason, Job, JobError, JobSpec, Json } from '../../job';
import type { ChangeAction, ChangeSkip } from '../../store';
import { find, holderOf, iso, type Known, type Reference, record, tell, waitAnew } from './reference';
import { enter } from './reference-new';
import { unnamed } from './unnamed';

/** A job is about to fail for good: unless somebody wanted that, or it is a letter itself, it leaves a dead letter where it asks for one. */
export function leaveLetter(ref: Reference, { job }: Known, reason: FailureReason, error: JobError | undefined): void {
  const { deadLetter, deadLetterOf, id, type, tags } = job;
  if (deadLetter === undefined || deadLetterOf || reason === 'cancelled') return;
  const last = error ?? job.metadata.errors.at(-1);
  const data = { original: originalOf(job), reason, attempts: job.attempt, ...(last && { error: last }) };
  const spec: JobSpec = { type: deadLetter, data: data as unknown as Json, ...(tags && { tags }) };
  const letter = enter(ref, spec, unnamed(++ref.letters));
  letter.job.deadLetterOf = { id, type, reason };
  tell(ref, letter, 'added');
}

/** Its options, but for times, which are over. */
const OPTIONS = [
  ...(['id', 'type', 'data', 'created', 'priority', 'maxAttempts', 'maxCrashes', 'timeout', 'backoff'] as const),
  ...(['retryFor', 'ageing', 'deadLetter', 'onCrash', 'dependsOn', 'onParentFailed', 'parent', 'key', 'tags'] as const),
];

function originalOf(job: Job): object {
  return structuredClone(
    Object.fromEntries(OPTIONS.flatMap((key) => (job[key] === undefined ? [] : [[key, job[key]]]))),
  );
}

/**
 * `change` with `redrive`, of one letter.
 * @param done How many were put back before.
 * @param before The jobs as they were when it began.
 */
export function redrive(
  ref: Reference,
  letter: Known,
  { limit = Number.POSITIVE_INFINITY, every = 0 }: Extract<ChangeAction, { action: 'redrive' }>,
  { done, before }: { done: number; before: Known[] },
): 'changed' | ChangeSkip['reason'] {
  const { status, deadLetterOf, data } = letter.job;
  // One that is put back in the same call is told of as it was.
  if (!deadLetterOf) return before.find(({ job }) => job.id === letter.job.id)?.job.status ?? status;
  if (status === 'active') return status;
  const there = find(ref, deadLetterOf.id);
  if ((there && there.job.status !== 'failed') || done >= limit) return 'unchanged';
  const told = (data as { original?: JobSpec } | null)?.original;
  if (!there && !told) return status;
  if (holderOf(ref, there ? there.job.key : told?.key)) return status;
  const one = there ?? addAnew(ref, told as JobSpec, before);
  if (there) retryByHand(ref, there, ref.now + done * every);
  else {
    if (done * every > 0) one.job.runAt = iso(ref.now + done * every);
    tell(ref, one, 'added');
  }
  ref.known = ref.known.filter((other) => other !== letter);
  tell(ref, letter, 'removed');
  return 'changed';
}

function addAnew(ref: Reference, told: JobSpec, before: Known[]): Known {
  const { dependsOn, id = '', ...spec } = told;
  const parents = dependsOn?.filter((parent) => before.some(({ job }) => job.id === parent));
  return enter(ref, parents ? { ...spec, dependsOn: parents } : spec, id);
}

/** It is pending with all its attempts. @param runAt Epoch milliseconds; a time that has come: as soon as possible. */
export function retryByHand(ref: Reference, one: Known, runAt: number): void {
  const time = runAt > ref.now ? iso(runAt) : undefined;
  one.failures = 0;
  one.backoff = false;
  delete one.retryUntil;
  record(
    ref,
    one,
    'retrying',
    (job) => {
      job.status = 'pending';
      job.attempt = 0;
      job.metadata.retries++;
      waitAnew(ref, job);
      for (const key of ['finished', 'reason', 'result'] as const) delete job[key];
      delete job.metadata.crashes;
      if (time !== undefined) job.runAt = time;
      // Whoever retries it wants it, although its time is over.
      if (job.expiresAt !== undefined && Date.parse(job.expiresAt) <= ref.now) delete job.expiresAt;
    },
    time === undefined ? {} : { runAt: time },
  );
}
