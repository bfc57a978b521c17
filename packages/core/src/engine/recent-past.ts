/**
 * The past of a store in memory: its newest records, and the state in front of them.
 *
 * @module
 */
import type { CommitLog } from './committer';
import { type BodySource, Entry, headOf } from './entry';
import { JobTable } from './job-table';
import { type About, idOf, type Past, type PastBase } from './past';
import type { StoreRecord } from './records';

/** Records that are handed out at once: about a millisecond of work for who takes them. */
const SLICE = 2_000;

/** Keeps what it is told to write: `limit` records surely, and never more than twice as many. */
export class RecentPast implements Past, CommitLog {
  readonly bodies: BodySource = {
    read: () => {
      throw new Error('All texts of this store are in memory.');
    },
  };
  private kept: readonly StoreRecord[] = [];
  /** Written since somebody read. */
  private pending: StoreRecord[] = [];
  private readonly base = new JobTable();
  private baseAt: number;

  constructor(
    private readonly limit: number,
    now: number,
  ) {
    this.baseAt = now;
  }

  write(records: StoreRecord[]): void {
    for (const record of records) this.pending.push(record);
    const excess = this.kept.length + this.pending.length - 2 * this.limit;
    if (excess >= 0) this.forget();
  }

  synced(): undefined {
    return undefined;
  }

  bases(): PastBase[] {
    const records = this.all();
    const { seq: from } = this.base;
    return [
      {
        from,
        at: this.baseAt,
        load: async (about) => ({ table: copyOf(this.base, from, about), to: from }),
        records: (about) => inSlices(records, about),
      },
    ];
  }

  records(from: number, about?: About): AsyncIterable<StoreRecord[]> {
    const records = this.all();
    const start = records.findIndex(({ seq }) => seq >= from);
    return inSlices(start < 0 ? [] : records.slice(start), about);
  }

  /** Whoever reads keeps the list that there was when it began. */
  private all(): readonly StoreRecord[] {
    if (this.pending.length > 0) {
      this.kept = [...this.kept, ...this.pending];
      this.pending = [];
    }
    return this.kept;
  }

  private forget(): void {
    const records = this.all();
    const newest = records.slice(-this.limit);
    for (const record of records.slice(0, records.length - newest.length)) {
      this.base.apply(record);
      this.baseAt = Math.max(this.baseAt, record.at);
    }
    this.kept = newest;
  }
}

/** A table of its own, as this one is now. */
function copyOf(table: JobTable, seq: number, about: About): JobTable {
  const copy = new JobTable();
  for (const entry of table.entries.ascending()) {
    if (about && !about.has(entry.id)) continue;
    const one = new Entry(entry.id, entry.type, entry.seq, entry.created, headOf(entry));
    one.lastSeq = entry.lastSeq;
    one.data = entry.data;
    one.result = entry.result;
    one.size = entry.size;
    copy.insert(one);
  }
  for (const type of table.pausedTypes) copy.pausedTypes.add(type);
  copy.pausedAll = table.pausedAll;
  copy.seq = seq;
  return copy;
}

async function* inSlices(records: readonly StoreRecord[], about: About): AsyncGenerator<StoreRecord[]> {
  for (let start = 0; start < records.length; start += SLICE) {
    if (start > 0) await new Promise((resolve) => setTimeout(resolve, 0));
    const slice = records.slice(start, start + SLICE);
    yield about ? slice.filter((record) => about.has(idOf(record) ?? '')) : slice;
  }
}
