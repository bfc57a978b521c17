/** What time does to jobs that wait: those that expire fail. */
import type { JobError } from '../job';
import type { Committer } from './committer';
import type { Entry } from './entry';
import type { RecordDraft } from './records';
import { isoOf } from './time';

/** Jobs that one turn of the event loop deals with: a few ms. */
const SLICE = 1_000;

/** See the module. */
export class Deadlines {
  constructor(
    private readonly committer: Committer,
    private readonly now: () => number,
  ) {}

  /** Whether something is due. */
  get isDue(): boolean {
    const { next } = this.committer.table.waits;
    return next !== undefined && next <= this.now();
  }

  /** Deals with what is due, or with as much of it as a turn may take. @throws StoreWriteError */
  run(): void {
    if (!this.isDue) return;
    const now = this.now();
    const expired = this.committer.table.waits.expired(now, SLICE);
    this.committer.commitUnasked(expired.map((entry) => expiry(entry, now)));
    // The time to run of one that depended on them may be over.
    this.committer.table.promoteDue(now);
  }
}

function expiry({ id, attempt, extra }: Entry, now: number): RecordDraft {
  const message = `It still waited at ${isoOf(extra?.expiresAt ?? now)}, when it expired.`;
  const error: JobError = { at: isoOf(now), attempt, name: 'ExpiredError', code: 'EXPIRED', message };
  return { op: 'fail', id, reason: 'expired', error };
}
