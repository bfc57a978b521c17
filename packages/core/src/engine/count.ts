/** The counters as the API shows them. */
import type { JobStatus } from '../job';
import type { JobCounts } from '../store';
import type { JobTable } from './job-table';

/** Counts in O(number of types). */
export function countJobs(table: JobTable): JobCounts {
  const { total } = table.counts;
  // Without a prototype: a type may be called `constructor`.
  const byType: Record<string, Record<JobStatus, number>> = Object.create(null);
  let paused = 0;
  for (const [type, counts] of table.counts.byType) {
    const pending = counts.ready + counts.scheduled + counts.blocked + counts.held;
    if (pending + counts.active + counts.completed + counts.failed === 0) continue;
    byType[type] = { pending, active: counts.active, completed: counts.completed, failed: counts.failed };
    if (table.isPaused(type)) paused += counts.ready;
  }
  return {
    pending: total.ready + total.scheduled + total.blocked + total.held,
    active: total.active,
    completed: total.completed,
    failed: total.failed,
    waiting: {
      ready: total.ready - paused,
      scheduled: total.scheduled,
      blocked: total.blocked,
      held: total.held,
      paused,
    },
    byType,
    paused: { all: table.pausedAll, types: [...table.pausedTypes].sort() },
  };
}
