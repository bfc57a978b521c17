import { JOB_STATUSES, type Job, type JobStatus } from '../../job';
import type { Cause, JobCounts, JobFilter, ListQuery } from '../../store';
import { find, inQueueOrder, iso, isScheduled, type Known, queueOf, type Reference, waitsFor } from './reference';
import { stepOf } from './reference-ageing';

/** The jobs that fit, by creation. */
export function matching(ref: Reference, filter: JobFilter = {}): Known[] {
  return ref.known.filter(({ job }) => fits(job, filter));
}

function fits(job: Job, filter: JobFilter): boolean {
  const one = <T>(wanted: T | T[] | undefined, actual: T | undefined): boolean =>
    wanted === undefined || [wanted].flat().some((value) => value === actual);
  const { createdAfter, createdBefore, updatedAfter, updatedBefore, tags = [], text } = filter;
  const [created, updated] = [Date.parse(job.created), Date.parse(job.updated)];
  return (
    one(filter.status, job.status) &&
    one(filter.type, job.type) &&
    one(filter.reason, job.status === 'failed' ? job.reason : undefined) &&
    one(filter.priority, job.priority) &&
    one(filter.key, job.key) &&
    one(filter.parent, job.parent) &&
    one(filter.worker, job.worker) &&
    tags.every((tag) => job.tags?.includes(tag)) &&
    (createdAfter === undefined || created >= createdAfter) &&
    (createdBefore === undefined || created < createdBefore) &&
    (updatedAfter === undefined || updated >= updatedAfter) &&
    (updatedBefore === undefined || updated < updatedBefore) &&
    (text === undefined || text === '' || textsOf(job).some((part) => part.toLowerCase().includes(text.toLowerCase())))
  );
}

function textsOf(job: Job): string[] {
  const error = job.metadata.errors.at(-1)?.message;
  return [job.id, job.type, job.key ?? '', ...(job.tags ?? []), error ?? '', JSON.stringify(job.data)];
}

/** All that a list gives, page after page. */
export function listed(ref: Reference, { filter, sort = 'created', direction = 'asc' }: ListQuery): Job[] {
  const found = matching(ref, filter);
  const inOrder = {
    created: () => found,
    updated: () => [...found].sort((a, b) => Date.parse(a.job.updated) - Date.parse(b.job.updated)),
    priority: () => inQueueOrder(ref, found),
    queue: () => inQueueOrder(ref, found),
  }[sort]();
  const jobs = inOrder.map(({ job }) => job);
  return direction === 'asc' ? jobs : jobs.reverse();
}

/** `counts`. */
export function counts(ref: Reference): JobCounts {
  const jobs = ref.known.map(({ job }) => job);
  const count = (of: Job[], status: JobStatus): number => of.filter((job) => job.status === status).length;
  const waiting = (cause: string): number => queueOf(ref).filter((one) => waitsFor(ref, one) === cause).length;
  const byStatus = (of: Job[]) => Object.fromEntries(JOB_STATUSES.map((status) => [status, count(of, status)]));
  const types = [...new Set(jobs.map((job) => job.type))];
  return {
    ...(byStatus(jobs) as Record<JobStatus, number>),
    waiting: {
      ready: waiting('ready'),
      scheduled: waiting('scheduled'),
      blocked: waiting('blocked'),
      held: waiting('held'),
      paused: waiting('paused'),
    },
    byType: Object.fromEntries(
      types.map((type) => [type, byStatus(jobs.filter((job) => job.type === type))]),
    ) as Record<string, Record<JobStatus, number>>,
    paused: { all: ref.pausedAll, types: [...ref.pausedTypes].sort() },
  };
}

/** A cause as it must be told; `backoff` may be left open. */
export type ExpectedCause = Partial<Cause> & { code: Cause['code'] };

/** The causes of one job; `open`: whether somebody takes its type is not known. */
export function causes(ref: Reference, one: Known): { causes: ExpectedCause[]; open: boolean } {
  const { job } = one;
  const at = job.finished ?? job.updated;
  if (job.status === 'active') {
    const since = job.started ?? job.updated;
    const state = { cancelling: job.cancelling === true, stuck: job.metadata.stuck === true };
    return { causes: [{ code: 'running', worker: job.worker ?? '', since, ...state }], open: false };
  }
  if (job.status === 'completed') {
    return { causes: [{ code: 'completed', at, ...(job.skipped && { skipped: true }) }], open: false };
  }
  if (job.status === 'failed') {
    const message = job.metadata.errors.at(-1)?.message ?? '';
    return { causes: [{ code: 'failed', at, reason: job.reason ?? 'error', message }], open: false };
  }
  return pendingCauses(ref, one);
}

function pendingCauses(ref: Reference, one: Known): { causes: ExpectedCause[]; open: boolean } {
  const { job, waitingFor } = one;
  const found: ExpectedCause[] = [];
  const by = waitingFor.map((id) => ({ id, status: find(ref, id)?.job.status ?? ('missing' as const) }));
  if (by.length > 0) found.push({ code: 'blocked', by });
  if (job.held) found.push({ code: 'held', since: job.metadata.errors.at(-1)?.at ?? '' });
  if (isScheduled(ref, job)) {
    const backoff = one.backoff === undefined ? {} : { backoff: one.backoff };
    found.push({ code: 'scheduled', runAt: job.runAt as string, ...backoff });
  }
  if (ref.pausedAll) found.push({ code: 'paused' });
  if (ref.pausedTypes.includes(job.type)) found.push({ code: 'paused', type: job.type });
  const takers = ref.takers.filter(({ types }) => types === undefined || types.includes(job.type));
  if (takers.length === 0) found.push({ code: 'no-worker', type: job.type });
  if (found.length === 0) {
    const ahead = aheadOf(ref, one);
    const step = stepOf(ref, one);
    const isBetter = ahead > 0 && step < Number.POSITIVE_INFINITY;
    found.push({ code: 'ready', ahead, ...(isBetter && { betterAt: iso(step) }) });
  }
  return { causes: found, open: takers.length > 0 && takers.every(({ unsure }) => unsure) };
}

function aheadOf(ref: Reference, one: Known): number {
  const ready = queueOf(ref).filter((other) => waitsFor(ref, other) === 'ready');
  return ready.indexOf(one);
}
