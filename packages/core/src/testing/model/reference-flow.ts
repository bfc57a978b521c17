import type { JobError, ParentPolicy } from '../../job';
import { find, inAnyOrder, inTurn, iso, type Known, type Reference } from './reference';
import { end, fail } from './reference-end';

/** Jobs that a parent keeps from ever running end, one way or another, and then those that depend on them. */
export function cascade(ref: Reference): void {
  for (const one of ref.known) {
    if (policyOf(one) !== 'continue' && policyOf(one) !== 'only') continue;
    const left = one.waitingFor.filter((id) => statusOf(ref, id) !== 'failed' && statusOf(ref, id) !== 'missing');
    if (left.length < one.waitingFor.length) one.parentFailed = true;
    one.waitingFor = left;
  }
  const pending = ref.known.filter(({ job }) => job.status === 'pending');
  const lost = pending.filter((one) => lostParent(ref, one) !== undefined);
  // All parents completed, and it was to run if one failed.
  const unwanted = pending.filter(
    (one) => policyOf(one) === 'only' && one.waitingFor.length === 0 && !one.parentFailed,
  );
  if (lost.length + unwanted.length === 0) return;
  inAnyOrder(ref, () => {
    for (const one of inTurn(ref, lost)) endWithout(ref, one, lostParent(ref, one) as string);
    for (const one of unwanted) skip(ref, one);
  });
  cascade(ref);
}

function endWithout(ref: Reference, one: Known, parent: string): void {
  const { attempt } = one.job;
  if (policyOf(one) === 'skip') {
    skip(ref, one);
    return;
  }
  const message =
    statusOf(ref, parent) === 'missing'
      ? `Job ${parent} left the store before it completed, and this one depends on it.`
      : `Job ${parent} failed, which this one depends on.`;
  for (const change of ref.changes) {
    if (!one.waitingFor.some((id) => change.lost.includes(id))) continue;
    change.touched = undefined;
    change.lost.push(one.job.id);
  }
  const error: JobError = { at: iso(ref.now), attempt, name: 'DependencyError', code: 'DEPENDENCY', message };
  fail(ref, one, 'dependency', error);
}

/** It completes without having run. */
function skip(ref: Reference, one: Known): void {
  const change = (job: Known['job']): void => {
    job.status = 'completed';
    job.skipped = true;
  };
  end(ref, one, 'completed', change, { skipped: true });
  for (const child of ref.known) child.waitingFor = child.waitingFor.filter((other) => other !== one.job.id);
}

/** Who has run waits for its children, if for anybody. */
function policyOf({ job }: Known): ParentPolicy | undefined {
  const children = job.children?.at(-1);
  return children ? children.onChildFailed : job.onParentFailed;
}

function lostParent(ref: Reference, one: Known): string | undefined {
  const gone = policyOf(one) === undefined ? ['missing'] : ['missing', 'failed'];
  return one.waitingFor.find((id) => gone.includes(statusOf(ref, id)));
}

function statusOf(ref: Reference, id: string): string {
  return find(ref, id)?.job.status ?? 'missing';
}

/** Jobs that still wait when their time is over fail, and what depends on them finds out. */
export function expireWaiting(ref: Reference): void {
  const over = ref.known.filter(
    ({ job }) => job.status === 'pending' && job.expiresAt !== undefined && Date.parse(job.expiresAt) <= ref.now,
  );
  if (over.length === 0) return;
  inAnyOrder(ref, () => {
    for (const one of inTurn(ref, over)) {
      const message = `It still waited at ${one.job.expiresAt}, when it expired.`;
      const { attempt } = one.job;
      fail(ref, one, 'expired', { at: iso(ref.now), attempt, name: 'ExpiredError', code: 'EXPIRED', message });
    }
  });
  cascade(ref);
}
