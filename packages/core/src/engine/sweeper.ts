/** Lets finished jobs go whose retention ended: archived first, then removed. */
import type { Clock } from '../clock';
import type { Job } from '../job';
import type { Alarms } from './alarms';
import type { Committer } from './committer';
import { type BodySource, type Entry, jobOf } from './entry';
import type { RecordDraft } from './records';
import { findExpired, type Retention } from './retention';

/** How often (ms) retention by age is looked at. */
const INTERVAL = 60_000;
/** How soon (ms) after a commit retention by count and bytes is. */
const SOON = 10;
const SLICE = 1_000;

/** What the sweeper works on. */
export interface SweeperOptions {
  committer: Committer;
  bodies: BodySource;
  clock: Clock;
  alarms: Alarms;
  retention: Retention;
  /** Takes the jobs before they go; a rejection keeps them. */
  archive: ((jobs: Job[]) => Promise<void> | void) | undefined;
  onError: (error: unknown) => void;
  isClosed: () => boolean;
}

/** See the module. */
export class Sweeper {
  private busy = false;

  constructor(private readonly options: SweeperOptions) {}

  /** Called after each commit. */
  arm(): void {
    const { committer, retention, alarms } = this.options;
    const { finished, finishedSize } = committer.table;
    if (finished.completed.size + finished.failed.size === 0) return;
    const over = (['completed', 'failed'] as const).some(
      (status) => finished[status].size > retention[status].count || finishedSize[status] > retention[status].bytes,
    );
    if (over) alarms.after('sweep-soon', SOON, () => void this.sweep());
    alarms.after('sweep', INTERVAL, () => void this.sweep());
  }

  private async sweep(): Promise<void> {
    if (this.busy) return;
    const { committer, bodies, clock, alarms, retention, archive, onError, isClosed } = this.options;
    const expired = findExpired(committer.table, retention, clock.now(), SLICE);
    if (expired.length === 0) {
      this.arm();
      return;
    }
    this.busy = true;
    try {
      await archive?.(expired.map((entry) => jobOf(entry, bodies)));
      const removals = expired
        .filter((entry) => this.isFinished(entry))
        .map((entry): RecordDraft[] => [{ op: 'remove', id: entry.id, why: 'archived' }]);
      this.busy = false;
      // Arms the next slice, since every commit does.
      if (!isClosed()) committer.commit(removals, { lazy: true });
    } catch (error) {
      onError(error);
      alarms.after('sweep', INTERVAL, () => void this.sweep());
    } finally {
      this.busy = false;
    }
  }

  /** While a job was archived somebody may have retried or removed it. */
  private isFinished(entry: Entry): boolean {
    const { table } = this.options.committer;
    return table.entries.get(entry.id) === entry && (entry.status === 'completed' || entry.status === 'failed');
  }
}
