/** What decisions about changes have in common. */
import type { ChangeSkip } from '../store';
import type { BodySource, Entry } from './entry';
import type { JobTable } from './job-table';
import type { RecordDraft } from './records';

/** What becomes of one job. */
export type Verdict = RecordDraft[] | { skip: ChangeSkip['reason']; message: string };

/** Everything a decision may look at. */
export interface ChangeContext {
  table: JobTable;
  bodies: BodySource;
  now: number;
  maxBytes: number;
  /** Jobs that the same call changed before. */
  done: number;
}

/** Who asked. */
export type By = { by?: string };

/** The job stays as it is, because of its state. */
export function not(entry: Entry, message: string): Verdict {
  return { skip: entry.status, message };
}
