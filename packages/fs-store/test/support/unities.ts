/**
 * What a store makes by itself, together with something else and in one commit: dead letters with the failures of their jobs, and the jobs
 * of schedules with what became of their slots. Nobody asked for them by their ids, so they are not part of what was asked; that they are
 * there when, and only when, the other half is, can be told from what a store shows.
 *
 * @module
 */
import { type Job, type JobStore, scheduleOf } from '@leviathan/core';

/** Whether the store made this job by itself. */
export function isSelfMade(job: Pick<Job, 'deadLetterOf' | 'tags'>): boolean {
  return job.deadLetterOf !== undefined || scheduleOf(job) !== undefined;
}

/** Halves without their other half. @param now Epoch milliseconds. */
export async function unityFaults(store: JobStore, jobs: readonly Job[], now: number): Promise<string[]> {
  return [...letterFaults(jobs), ...(await slotFaults(store, jobs, now))];
}

/** One letter for each job that failed for good and wants one, unless somebody cancelled it; none for any other, if nobody retried it by hand. */
function letterFaults(jobs: readonly Job[]): string[] {
  return jobs.flatMap(({ id, status, reason, deadLetter }) => {
    const wanted = deadLetter !== undefined && status === 'failed' && reason !== 'cancelled' ? 1 : 0;
    const found = jobs.filter(({ deadLetterOf }) => deadLetterOf?.id === id).length;
    return found === wanted ? [] : [`${id}: it is ${status}, and has ${found} dead letters`];
  });
}

/** Every slot up to now has fired once, and made its job; for schedules of an interval that miss none, and whose jobs stay. */
async function slotFaults(store: JobStore, jobs: readonly Job[], now: number): Promise<string[]> {
  const schedules = await store.definitions('schedule');
  return schedules.flatMap(({ name, value, state }) => {
    const { every } = value as { every: number };
    const { since, runs } = state as { since: number; runs: number };
    const slots = jobs.flatMap((job) =>
      scheduleOf(job)?.name === name ? [scheduleOf(job)?.slot?.getTime() ?? 0] : [],
    );
    const due = Math.floor((now - since) / every);
    const all = Array.from({ length: due }, (_, n) => since + (n + 1) * every);
    const isRight = runs === due && slots.length === due && all.every((slot) => slots.includes(slot));
    return isRight ? [] : [`${name}: ${due} slots were due, it says ${runs}, and ${slots.length} jobs are there`];
  });
}
