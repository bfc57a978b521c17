/** The commit: records are numbered, written to the log, applied to the index, told to subscribers, in this order and no other. */
import type { Clock } from '../clock';
import type { StoreEvent } from '../store';
import { deadLetterOf } from './dead-letter';
import { decideOrphan } from './decide-settle';
import type { BodySource, Entry } from './entry';
import { type EventHub, eventOf, kindOf } from './event-hub';
import type { JobTable } from './job-table';
import type { AddDraft, Draft, RecordDraft, StoreRecord } from './records';
import { isoOf } from './time';

/** Jobs that one commit lets go because a parent ended; the others follow in the next turns of the event loop: see `Budget`. */
const CASCADE = 1_000;

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
  /** What is to be told once it is durable, in order: one sync must not overtake another's events. */
  private readonly outbox: { events: StoreEvent[]; durable: boolean }[] = [];
  /** What becomes of jobs without their parents could not be written the last time. */
  isStuck = false;

  constructor(
    readonly table: JobTable,
    readonly hub: EventHub,
    private readonly log: CommitLog,
    private readonly clock: Clock,
    /** Called after each commit, when jobs may have become ready. */
    private readonly onCommit: () => void,
    private readonly bodies: BodySource,
  ) {}

  /**
   * Commits drafts, which become its records. Returns what to await before anybody is told; undefined when there is nothing to
   * wait for. With `lazy` nobody is told, so nothing is flushed for its sake. `entries`, of the jobs that the drafts are about, one for
   * each as far as known, spare it to look for them.
   * @throws StoreWriteError: nothing was committed
   */
  commit(
    drafts: readonly Draft[],
    { lazy = false, entries }: { lazy?: boolean; entries?: readonly Entry[] } = {},
  ): Promise<void> | undefined {
    const records = this.number(drafts);
    if (records.length === 0 && !this.table.dependencies.hasWork) return undefined;
    // Written first: what the index shows must not be lost by a crash of this process.
    if (records.length > 0) this.log.write(records);
    for (let i = 0; i < records.length; i++)
      applyAndTell(this.table, this.hub, records[i] as StoreRecord, entries?.[i]);
    this.settleOrphans();
    const told = this.tell();
    const durable = lazy ? undefined : (told ?? this.log.synced());
    this.onCommit();
    return durable;
  }

  /**
   * Commits what the store decided by itself. Nobody waits for it, but it is flushed all the same: a job that is made so must not wait for
   * its file until somebody else writes something.
   * @throws StoreWriteError: nothing was committed
   */
  commitUnasked(drafts: readonly Draft[]): void {
    this.commit(drafts)?.catch(() => {});
  }

  /**
   * Lets jobs go whose parents ended, and records what becomes of those that cannot go on, and of those that depend on them, some thousand
   * at a time. What cannot be written now is tried again with the next commit; `commit([])` is one.
   */
  private settleOrphans(): void {
    this.isStuck = false;
    const { dependencies } = this.table;
    const budget = { left: CASCADE };
    while (budget.left > 0 && dependencies.hasWork) {
      dependencies.tell(budget);
      const orphans = dependencies.takeOrphans(budget);
      if (orphans.length === 0) continue;
      const records = this.number(orphans.map((orphan) => decideOrphan(this.table, orphan, this.clock.now())));
      try {
        this.log.write(records);
      } catch {
        // The caller's own records stand.
        dependencies.returnOrphans(orphans);
        this.isStuck = true;
        return;
      }
      for (const record of records) applyAndTell(this.table, this.hub, record);
    }
  }

  /** Hands out pushed events once what was written before is durable; undefined when there are none, or nothing to wait for. */
  tell(): Promise<void> | undefined {
    const events = this.hub.take();
    if (events.length === 0) return undefined;
    const durable = this.log.synced();
    const told = { events, durable: false };
    this.outbox.push(told);
    const tellNow = (): void => {
      told.durable = true;
      this.empty();
    };
    // A microtask later at the earliest: a listener must not run inside the call that caused the event.
    (durable ?? Promise.resolve()).then(tellNow, () => {
      told.events = [];
      tellNow();
    });
    return durable;
  }

  private empty(): void {
    while (this.outbox[0]?.durable) this.hub.dispatch(this.outbox.shift()?.events ?? []);
  }

  /** However a job fails for good, its dead letter is in the same batch: in front, so that there is always something left to do. */
  private withDeadLetters(draft: Draft): Draft {
    if (isSingle(draft)) {
      const letter = this.letterOf(draft);
      return letter ? [letter, draft] : draft;
    }
    return draft.flatMap((record) => {
      const letter = this.letterOf(record);
      return letter ? [letter, record] : record;
    });
  }

  private letterOf(record: RecordDraft): AddDraft | undefined {
    if (record.op !== 'fail') return undefined;
    const entry = this.table.entries.get(record.id);
    return entry && deadLetterOf(entry, record, this.bodies, this.clock.now());
  }

  private number(drafts: readonly Draft[]): StoreRecord[] {
    const at = this.clock.now();
    const records: StoreRecord[] = [];
    let { seq } = this.table;
    const add = (draft: RecordDraft): StoreRecord => {
      const record = (draft.seq === undefined ? { seq: 0, at: 0, ...draft } : draft) as StoreRecord;
      record.seq = ++seq;
      record.at = at;
      records.push(record);
      return record;
    };
    for (const asked of drafts) {
      const draft = this.withDeadLetters(asked);
      if (isSingle(draft)) {
        add(draft);
        continue;
      }
      const last = draft.length - 1;
      for (let i = 0; i <= last; i++) {
        const record = add(draft[i] as RecordDraft);
        if (i < last) record.more = 1;
      }
    }
    return records;
  }
}

/** Whether it is one record alone. */
export function isSingle(draft: Draft): draft is RecordDraft {
  return 'op' in draft;
}

/**
 * Applies a record and pushes its events, live or in a replay: subscribers cannot tell the difference.
 * @param known The entry it is probably about.
 * @returns whether the record fits the table
 */
export function applyAndTell(table: JobTable, hub: EventHub, record: StoreRecord, known?: Entry): boolean {
  const kind = kindOf(record);
  const isWanted = kind !== undefined && hub.wants(kind);
  if (!isWanted && !hub.wants('drained')) return table.apply(record, known);
  const before = 'id' in record ? table.entries.get(record.id) : undefined;
  const busy = unfinished(table) > 0;
  const applied = table.apply(record, known);
  if (!applied || kind === undefined) return applied;
  if (hub.wants(kind)) hub.push(eventOf(record, kind, record.op === 'add' ? table.entries.get(record.job.id) : before));
  if (busy && unfinished(table) === 0) hub.push({ seq: record.seq, at: isoOf(record.at), kind: 'drained' });
  return applied;
}

function unfinished(table: JobTable): number {
  const { ready, scheduled, blocked, held, active } = table.counts.total;
  return ready + scheduled + blocked + held + active;
}
