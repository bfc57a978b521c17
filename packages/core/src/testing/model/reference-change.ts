import type { Job } from '../../job';
import type { ChangeAction, ChangeRequest, ChangeSkip, JobFilter, JobPatch } from '../../store';
import {
  find,
  holderOf,
  iso,
  isScheduled,
  type Known,
  type Reference,
  record,
  type Touched,
  waitAnew,
} from './reference';
import { serve } from './reference-claim';
import { fail } from './reference-end';
import { redrive, retryByHand } from './reference-letter';
import { moveJobs } from './reference-move';
import { removeOne } from './reference-remove';
import { matching } from './reference-view';

/** What a change did to each of its targets, in their order. */
export interface ReferenceChange {
  dryRun: boolean;
  matched: number;
  changed: number;
  ids: string[];
  /** Reason, then id. */
  skipped: [ChangeSkip['reason'], string][];
}

/** `change`. @param operation The number that the store gave it. */
export function change(ref: Reference, request: ChangeRequest, operation: number | undefined): ReferenceChange {
  const { target, dryRun = false } = request;
  const targets = 'ids' in target ? target.ids : found(ref, request.change, target.filter);
  // A dry run does it to a copy.
  const on = dryRun ? structuredClone(ref) : ref;
  const verdictOf = request.change.action === 'move' ? moveJobs(on, targets, request.change.target) : undefined;
  const before = structuredClone(ref.known);
  const touched: string[] = [];
  const there = targets.filter((id) => find(ref, id));
  const result: ReferenceChange = { dryRun, matched: targets.length, changed: 0, ids: [], skipped: [] };
  for (const [n, id] of targets.entries()) {
    const isRepeated = targets.indexOf(id) < n && there.includes(id);
    const progress = { done: result.changed, before };
    const verdict = isRepeated ? 'unchanged' : (verdictOf?.(id) ?? changeOne(on, request.change, id, progress));
    if (verdict !== 'changed') {
      result.skipped.push([verdict, id]);
      continue;
    }
    result.changed++;
    result.ids.push(id);
    const origin = before.find(({ job }) => job.id === id)?.job.deadLetterOf;
    touched.push(...(origin && request.change.action === 'redrive' ? [origin.id] : []), id);
  }
  if (!dryRun) remember(on, operation, before, verdictOf ? undefined : touched);
  serve(on);
  return result;
}

/** So many of the newest changes are remembered. */
const MAX_CHANGES = 4;

/** To be called before what follows from the change. */
export function remember(
  ref: Reference,
  operation: number | undefined,
  before: Known[],
  ids: string[] | undefined,
): void {
  if (operation === undefined) return;
  const touched = ids?.map((id): Touched => {
    const was = before.find(({ job }) => job.id === id);
    const now = find(ref, id);
    return { id, before: was, rev: now?.job.rev, number: now?.number };
  });
  const isLost = (id: string): boolean => (find(ref, id)?.job.status ?? 'failed') === 'failed';
  ref.changes = [...ref.changes, { operation, touched, lost: ids?.filter(isLost) ?? [] }].slice(-MAX_CHANGES);
}

/** Of all that a filter finds some changes are for held jobs alone, or for dead letters. */
function found(ref: Reference, { action }: ChangeAction, filter: JobFilter): string[] {
  const isMeant = ({ job }: Known): boolean =>
    action === 'approve' ? job.held === true : action !== 'redrive' || job.deadLetterOf !== undefined;
  return matching(ref, filter)
    .filter(isMeant)
    .map(({ job }) => job.id);
}

type Verdict = 'changed' | ChangeSkip['reason'];

function changeOne(
  ref: Reference,
  action: ChangeAction,
  id: string,
  progress: { done: number; before: Known[] },
): Verdict {
  const one = find(ref, id);
  if (!one) return 'not-found';
  switch (action.action) {
    case 'cancel':
      return cancel(ref, one);
    case 'retry':
      return retry(ref, one);
    case 'remove':
      return remove(ref, one);
    case 'reprioritise':
      return edit(ref, one, { priority: action.priority });
    case 'edit':
      return edit(ref, one, action.patch);
    case 'approve':
      return approve(ref, one);
    case 'redrive':
      return redrive(ref, one, action, progress);
    case 'move':
      // All its targets at once: see `moveJobs`.
      return one.job.status;
  }
}

function approve(ref: Reference, one: Known): Verdict {
  const { job } = one;
  if (job.status !== 'pending') return job.status;
  if (!job.held) return 'unchanged';
  record(ref, one, 'edited', () => {
    delete job.held;
  });
  return 'changed';
}

function cancel(ref: Reference, one: Known): Verdict {
  const { job } = one;
  if (job.status === 'completed' || job.status === 'failed') return job.status;
  if (job.cancelling) return 'unchanged';
  if (job.status === 'pending') fail(ref, one, 'cancelled');
  else {
    record(ref, one, 'cancelling', () => {
      job.cancelling = true;
    });
  }
  return 'changed';
}

function retry(ref: Reference, one: Known): Verdict {
  const { job } = one;
  if (job.status === 'pending') {
    if (job.held) return approve(ref, one);
    if (!isScheduled(ref, job)) return 'unchanged';
    one.backoff = undefined;
    record(ref, one, 'edited', () => {
      delete job.runAt;
      waitAnew(ref, job);
    });
    return 'changed';
  }
  if (job.status !== 'failed' || holderOf(ref, job.key)) return job.status;
  retryByHand(ref, one, ref.now);
  return 'changed';
}

function remove(ref: Reference, one: Known): Verdict {
  if (one.job.status === 'active') return 'active';
  removeOne(ref, one);
  return 'changed';
}

function edit(ref: Reference, one: Known, patch: JobPatch): Verdict {
  const { job } = one;
  if (job.status !== 'pending') return job.status;
  const after = edited(ref, job, patch);
  if (JSON.stringify(after) === JSON.stringify(job)) return 'unchanged';
  if (after.runAt !== job.runAt) one.backoff = undefined;
  if (after.runAt !== job.runAt || after.priority !== job.priority) waitAnew(ref, after);
  record(ref, one, 'edited', () => {
    for (const key of Object.keys(job)) delete job[key as keyof Job];
    Object.assign(job, after);
  });
  return 'changed';
}

function edited(ref: Reference, job: Job, patch: JobPatch): Job {
  const after = structuredClone(job);
  if (patch.data !== undefined) after.data = patch.data;
  if (patch.priority !== undefined) after.priority = patch.priority;
  if (patch.maxAttempts !== undefined) after.maxAttempts = patch.maxAttempts;
  if (patch.timeout === null) delete after.timeout;
  else if (patch.timeout !== undefined) after.timeout = patch.timeout;
  if (patch.backoff === null) delete after.backoff;
  else if (patch.backoff !== undefined) after.backoff = patch.backoff;
  if (patch.tags?.length === 0) delete after.tags;
  else if (patch.tags) after.tags = [...new Set(patch.tags)];
  // A time that has come already means as soon as possible.
  if (patch.runAt === null || (patch.runAt !== undefined && patch.runAt <= ref.now)) delete after.runAt;
  else if (patch.runAt !== undefined) after.runAt = iso(patch.runAt);
  if (patch.expiresAt === null) delete after.expiresAt;
  else if (patch.expiresAt !== undefined) after.expiresAt = iso(patch.expiresAt);
  return after;
}
