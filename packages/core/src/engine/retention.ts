/** How long finished jobs stay. */
import type { Entry } from './entry';
import type { JobTable } from './job-table';

/** Bounds on the finished jobs of one state; whichever is reached first holds. */
export interface RetentionLimit {
  /** Milliseconds after a job finished. */
  age: number;
  /** Number of jobs. */
  count: number;
  /** Bytes of their data and results. */
  bytes: number;
}

/** Bounds on completed and failed jobs. */
export interface Retention {
  completed: RetentionLimit;
  failed: RetentionLimit;
}

const DAY = 24 * 60 * 60 * 1000;

/** A day, ten thousand jobs, or 256 MiB of each, whichever comes first; failed jobs stay a week. */
export const DEFAULT_RETENTION: Retention = {
  completed: { age: DAY, count: 10_000, bytes: 256 * 1024 * 1024 },
  failed: { age: 7 * DAY, count: 10_000, bytes: 256 * 1024 * 1024 },
};

/** How many jobs are past their retention by count or bytes; of bytes alone it is known only that some are. */
export function countExpired({ finished, finishedSize }: JobTable, retention: Retention): number {
  let expired = 0;
  for (const status of ['completed', 'failed'] as const) {
    const over = finished[status].size - retention[status].count;
    expired += over > 0 ? over : finishedSize[status] > retention[status].bytes ? 1 : 0;
  }
  return expired;
}

/** Whether so many jobs finished after this one that it will leave soon. */
export function isLeaving(table: JobTable, retention: Retention, entry: Entry): boolean {
  const { finished } = table;
  const { status } = entry;
  if (status !== 'completed' && status !== 'failed') return false;
  const { count } = retention[status];
  return (
    !table.dependencies.isNeeded(entry.id) && finished[status].size > count && finished[status].after(entry) >= count
  );
}

/** The jobs past their retention, oldest first, `max` at most. Those that unfinished jobs depend on stay. */
export function findExpired(table: JobTable, retention: Retention, now: number, max: number): Entry[] {
  const expired: Entry[] = [];
  for (const status of ['completed', 'failed'] as const) {
    const limit = retention[status];
    let count = table.finished[status].size;
    let bytes = table.finishedSize[status];
    for (const entry of table.finished[status]) {
      if (expired.length >= max) return expired;
      const finished = entry.run?.finished ?? entry.updated;
      if (now - finished < limit.age && count <= limit.count && bytes <= limit.bytes) {
        // The clock was ahead when it finished: that tells nothing of those that finished after it.
        if (finished > now) continue;
        break;
      }
      // Jobs that depend on it have not run yet, and may want its result.
      if (table.dependencies.isNeeded(entry.id)) continue;
      expired.push(entry);
      count--;
      bytes -= entry.size;
    }
  }
  return expired;
}
