/** The commit: records are numbered, written to the log, applied to the index, told to subscribers, in this order and no other. */
import type { Clock } from '../clock';
import { type EventHub, eventOf, kindOf } from './event-hub';
import type { JobTable } from './job-table';
import type { RecordDraft, StoreRecord } from './records';
import { isoOf } from './time';

/** Where records become durable. */
export interface CommitLog {
  /** Writes all records or none. @throws StoreWriteError when it could not: nothing has happened then */
  write(records: StoreRecord[]): void;
  /** Resolves when everything written so far is as durable as promised; undefined when it is already. */
  synced(): Promise<void> | undefined;
}

/** The log of a store that keeps nothing. */
export const noLog: CommitLog = { write: () => {}, synced: () => undefined };

/** Turns drafts into history. */
export class Committer {
  constructor(
    readonly table: JobTable,
    readonly hub: EventHub,
    private readonly log: CommitLog,
    private readonly clock: Clock,
    /** Called after each commit, when jobs may have become ready. */
    private readonly onCommit: () => void,
  ) {}

  /**
   * Commits groups of records, each group atomic. Returns what to await before anybody is told; undefined when there is nothing to
   * wait for. With `lazy` nobody is told, so nothing is flushed for its sake.
   * @throws StoreWriteError: nothing was committed
   */
  commit(groups: RecordDraft[][], { lazy = false } = {}): Promise<void> | undefined {
    const records = this.number(groups);
    if (records.length === 0) return undefined;
    // Written first: what the index shows must not be lost by a crash of this process.
    this.log.write(records);
    for (const record of records) applyAndTell(this.table, this.hub, record);
    const told = this.tell();
    const durable = lazy ? undefined : (told ?? this.log.synced());
    this.onCommit();
    return durable;
  }

  /** Hands out pushed events once what was written before is durable; undefined when there are none, or nothing to wait for. */
  tell(): Promise<void> | undefined {
    const events = this.hub.take();
    if (events.length === 0) return undefined;
    const durable = this.log.synced();
    // A microtask later at the earliest: a listener must not run inside the call that caused the event.
    (durable ?? Promise.resolve()).then(
      () => this.hub.dispatch(events),
      () => {},
    );
    return durable;
  }

  private number(groups: RecordDraft[][]): StoreRecord[] {
    const at = this.clock.now();
    const records: StoreRecord[] = [];
    let seq = this.table.seq;
    for (const group of groups) {
      const last = group.length - 1;
      for (let i = 0; i <= last; i++) {
        const draft = group[i] as RecordDraft;
        const record = (draft.seq === undefined ? { seq: 0, at: 0, ...draft } : draft) as StoreRecord;
        record.seq = ++seq;
        record.at = at;
        if (i < last) record.more = 1;
        records.push(record);
      }
    }
    return records;
  }
}

/**
 * Applies a record and pushes its events, live or in a replay: subscribers cannot tell the difference.
 * @returns whether the record fits the table
 */
export function applyAndTell(table: JobTable, hub: EventHub, record: StoreRecord): boolean {
  if (!hub.active) return table.apply(record);
  const kind = kindOf(record);
  const before = 'id' in record ? table.entries.get(record.id) : undefined;
  const busy = unfinished(table) > 0;
  const applied = table.apply(record);
  if (!applied || kind === undefined) return applied;
  if (hub.wants(kind)) hub.push(eventOf(record, kind, record.op === 'add' ? table.entries.get(record.job.id) : before));
  if (busy && unfinished(table) === 0) hub.push({ seq: record.seq, at: isoOf(record.at), kind: 'drained' });
  return applied;
}

function unfinished(table: JobTable): number {
  const { ready, scheduled, blocked, active } = table.counts.total;
  return ready + scheduled + blocked + active;
}
