/**
 * How the jobs of a schedule are known: by their ids and their tags.
 *
 * @module
 */
import type { Job } from '../job';

const SCHEDULE_TAG = 'schedule:';
const SLOT_TAG = 'slot:';

/** The id of the job that a slot (epoch milliseconds) makes: `sched-backup-20261126t233000z`. The same slot never makes two. */
export function slotJobId(schedule: string, slot: number): string {
  const time = new Date(slot).toISOString().replace(/[-:]|\.000/g, '');
  return `sched-${schedule}-${time.toLowerCase()}`;
}

/** What the jobs of a schedule are tagged with; `slot` (epoch milliseconds) is left out for one that was triggered by hand. */
export function scheduleTags(schedule: string, slot?: number): string[] {
  const tag = `${SCHEDULE_TAG}${schedule}`;
  return slot === undefined ? [tag] : [tag, `${SLOT_TAG}${new Date(slot).toISOString()}`];
}

/**
 * Which schedule made the job, and for which slot: the time that it was to run at, as planned. Undefined: none did.
 *
 * @example
 * ```ts
 * run: ({ job }) => report(scheduleOf(job)?.slot ?? new Date());
 * ```
 */
export function scheduleOf(job: Pick<Job, 'tags'>): { name: string; slot?: Date } | undefined {
  const name = tagged(job.tags, SCHEDULE_TAG);
  if (name === undefined) return undefined;
  const slot = tagged(job.tags, SLOT_TAG);
  return { name, ...(slot !== undefined && { slot: new Date(slot) }) };
}

function tagged(tags: readonly string[] = [], prefix: string): string | undefined {
  return tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
}
