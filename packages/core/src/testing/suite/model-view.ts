import type { Job } from '../../job';
import type { JobCounts, StoreEvent } from '../../store';
import type { ModelEvent, ModelJob } from './model-job';

/** A store's job, reduced to what the model foretells. */
export function viewOf(job: Job): ModelJob {
  const { metadata } = job;
  const view: ModelJob = {
    id: job.id,
    type: job.type,
    status: job.status,
    priority: job.priority,
    data: job.data as ModelJob['data'],
    attempt: job.attempt,
    maxAttempts: job.maxAttempts,
    maxCrashes: job.maxCrashes,
    retries: metadata.retries,
    crashes: metadata.crashes ?? 0,
    progress: metadata.progress,
    logs: metadata.logs.map((log) => log.message),
    errors: metadata.errors.map((error) => [error.attempt, error.name]),
    dependsOn: job.dependsOn ?? [],
    tags: job.tags ?? [],
    waitingFor: [],
  };
  if (metadata.detail !== undefined) view.detail = metadata.detail;
  if (metadata.checkpoint !== undefined) view.checkpoint = metadata.checkpoint;
  if (metadata.stuck) view.stuck = true;
  if (job.runAt !== undefined) view.runAt = Date.parse(job.runAt);
  if (job.key !== undefined) view.key = job.key;
  if (job.worker !== undefined) view.worker = job.worker;
  if (job.cancelling) view.cancelling = true;
  if (job.result !== undefined) view.result = job.result as ModelJob['data'];
  if (job.reason !== undefined) view.reason = job.reason;
  return view;
}

/** Counts without the types that have no job any more, which a store may still name. */
export function countsView(counts: JobCounts): JobCounts {
  const byType = Object.entries(counts.byType).filter(([, of]) => Object.values(of).some((n) => n > 0));
  return {
    ...counts,
    byType: Object.fromEntries(byType),
    paused: { ...counts.paused, types: [...counts.paused.types].sort() },
  };
}

/** Kinds of events that tell no recorded change of a job, or one that rules leave open (a pause of what is paused already). */
const OPEN = ['progress', 'log', 'checkpoint', 'stuck', 'paused', 'resumed'];

/** Events as the model foretells them: what was recorded, in order. */
export function eventsView(events: (StoreEvent | ModelEvent)[], moves: boolean): string[] {
  const told = events.map((event): ModelEvent => (Array.isArray(event) ? event : [event.kind, event.id]));
  const foretold = told.filter(([kind], n) => {
    if (OPEN.includes(kind)) return false;
    // Whether a move touches jobs beside the moved ones is the store's own affair.
    if (moves && kind === 'edited') return false;
    // Removing the last job that waits may count as its end, or not.
    return !(kind === 'drained' && told[n - 1]?.[0] === 'removed');
  });
  return inAnyOrder(foretold).map(([kind, id]) => `${kind} ${id ?? ''}`);
}

/** Ends that may come from one `takeBack`, in which order the rules leave open. */
const TAKEN_BACK = ['crashed', 'released', 'failed'];

/** Sorts the events of each unbroken row of such ends. */
function inAnyOrder(events: ModelEvent[]): ModelEvent[] {
  const sorted: ModelEvent[] = [];
  let row: ModelEvent[] = [];
  for (const event of events) {
    if (TAKEN_BACK.includes(event[0])) {
      row.push(event);
      continue;
    }
    sorted.push(...row.sort(), event);
    row = [];
  }
  return [...sorted, ...row.sort()];
}
