import type { JobError } from '../../job';
import { find, inAnyOrder, iso, type Known, type Reference } from './reference';
import { end, fail } from './reference-end';

/** Jobs that a parent keeps from ever running end, one way or another, and then those that depend on them. */
export function cascade(ref: Reference): void {
  for (const one of ref.known) {
    if (one.job.onParentFailed !== 'continue') continue;
    one.waitingFor = one.waitingFor.filter((id) => statusOf(ref, id) !== 'failed' && statusOf(ref, id) !== 'missing');
  }
  const lost = ref.known.filter((one) => one.job.status === 'pending' && lostParent(ref, one) !== undefined);
  if (lost.length === 0) return;
  inAnyOrder(ref, () => {
    for (const one of lost) endWithout(ref, one, lostParent(ref, one) as string);
  });
  cascade(ref);
}

function endWithout(ref: Reference, one: Known, parent: string): void {
  const { id, attempt, onParentFailed } = one.job;
  if (onParentFailed === 'skip') {
    end(
      ref,
      one,
      'completed',
      (job) => {
        job.status = 'completed';
        job.skipped = true;
      },
      { skipped: true },
    );
    for (const child of ref.known) child.waitingFor = child.waitingFor.filter((other) => other !== id);
    return;
  }
  const message =
    statusOf(ref, parent) === 'missing'
      ? `Job ${parent} left the store before it completed, and this one depends on it.`
      : `Job ${parent} failed, which this one depends on.`;
  const error: JobError = { at: iso(ref.now), attempt, name: 'DependencyError', code: 'DEPENDENCY', message };
  fail(ref, one, 'dependency', error);
}

function lostParent(ref: Reference, { job, waitingFor }: Known): string | undefined {
  const gone = job.onParentFailed === undefined ? ['missing'] : ['missing', 'failed'];
  return waitingFor.find((id) => gone.includes(statusOf(ref, id)));
}

function statusOf(ref: Reference, id: string): string {
  return find(ref, id)?.job.status ?? 'missing';
}
