/**
 * What a store remembers of its past: its records as far back as they are kept, and states to start from.
 *
 * @module
 */
import { NoHistoryError } from '../errors';
import type { BodySource } from './entry';
import type { JobTable } from './job-table';
import type { StoreRecord } from './records';
import { isoOf } from './time';

/** Only what concerns these jobs is wanted; left out: everything. */
export type About = ReadonlySet<string> | undefined;

/** A state that was kept, for example a snapshot. */
export interface PastBase {
  /** Number of the newest record that it surely holds. */
  readonly from: number;
  /** When it was taken: epoch milliseconds. */
  readonly at: number;
  /** A table of its own with the jobs. `to`: records after `from` and up to here may be in it, too. Null: it cannot be read (any more). */
  load(about?: About): Promise<{ table: JobTable; to: number } | null>;
  /** The records after `from`, in order and in slices between which others run. Those about other jobs may be left out. */
  records(about?: About): AsyncIterable<StoreRecord[]>;
}

/** See the module. */
export interface Past {
  /** The newest first. */
  bases(): PastBase[];
  /** Every record from this number on that is kept; as {@link PastBase.records}. */
  records(from: number, about?: About): AsyncIterable<StoreRecord[]>;
  /** Where texts stand that are not in memory. */
  readonly bodies: BodySource;
}

/** A point in the history: with all records up to a time, or with all in front of one. */
export type Moment = { at: number } | { before: number };

/**
 * The state at a moment. With `about` the table has these jobs alone.
 * @throws NoHistoryError when what is kept begins later
 */
export async function tableAt(past: Past, moment: Moment, about?: About): Promise<JobTable> {
  for (const base of past.bases()) {
    if (isPast(base, moment)) continue;
    const loaded = await base.load(about);
    if (!loaded) continue;
    const { table, to } = loaded;
    if ('before' in moment && to >= moment.before) continue;
    await replay(base, table, moment, about);
    // A time in which a snapshot was being written: some of its jobs are newer, so an older one must do.
    if ('at' in moment && table.seq < to) continue;
    // Those that go on without a lost parent need no record for it.
    const budget = { left: Number.POSITIVE_INFINITY };
    table.dependencies.tell(budget);
    table.dependencies.takeOrphans(budget);
    return table;
  }
  const earliest = await earliestOf(past);
  throw new NoHistoryError(earliest === undefined ? undefined : isoOf(earliest));
}

async function replay(base: PastBase, table: JobTable, moment: Moment, about: About): Promise<void> {
  for await (const records of base.records(about)) {
    for (const record of records) {
      if ('at' in moment ? record.at > moment.at : record.seq >= moment.before) return;
      const id = idOf(record);
      if (!about || (id !== undefined && about.has(id))) table.apply(record);
    }
  }
}

function isPast(base: PastBase, moment: Moment): boolean {
  return 'at' in moment ? base.at > moment.at : base.from >= moment.before;
}

/** When the oldest state was whole. */
async function earliestOf(past: Past): Promise<number | undefined> {
  const oldest = past.bases().at(-1);
  if (!oldest) return undefined;
  const nobody = new Set<string>();
  const { to = oldest.from } = (await oldest.load(nobody)) ?? {};
  if (to === oldest.from) return oldest.at;
  for await (const records of oldest.records()) {
    const last = records.find(({ seq }) => seq >= to);
    if (last) return last.at;
  }
  return oldest.at;
}

/** The job that a record is about, if it is about one. */
export function idOf(record: StoreRecord): string | undefined {
  if (record.op === 'add') return record.job.id;
  return 'id' in record ? record.id : undefined;
}
