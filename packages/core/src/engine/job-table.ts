/**
 * The index of a store: all jobs, and for each question that is asked often a structure that answers it fast. It changes by `apply`
 * alone, one record at a time, live and in a replay.
 *
 * @module
 */
import type { DefinitionKind } from '../definition';
import { Admission, hasStarted, isSpecial } from './admission';
import { applySetting } from './apply-setting';
import { BTree, type SortedSet } from './btree';
import { DefinitionTable } from './definition-table';
import { Dependencies } from './dependencies';
import { compareQueueOrder, compareRunAt, Entry, type EntryExtra, type Place } from './entry';
import { EntryIndex } from './entry-index';
import { FinishedList } from './finished-list';
import { History } from './history';
import { KeyIndex } from './key-index';
import { mutate } from './mutate';
import type { StoreRecord } from './records';
import { ScheduleTable } from './schedule-table';
import { allows, losesDependents } from './transitions';
import { TypeCounts } from './type-counts';
import { WaitIndex } from './wait-index';

const QUEUE_NODE_SIZE = 64;

/** Definitions by which jobs start. */
const RULES = { limit: true, pool: true, gate: true, window: true } satisfies Partial<Record<DefinitionKind, true>>;
/** What happens to a running job that runs on. */
const KEEP_PLACE = new Set<StoreRecord['op']>(['report', 'checkpoint', 'step', 'cancel']);

/** All jobs of a store. */
export class JobTable {
  readonly entries = new EntryIndex();
  /** Ready jobs of each type, in the order in which they run. */
  readonly ready = new Map<string, SortedSet<Entry>>();
  /** Jobs that wait for somebody to approve them. */
  readonly held = new Set<Entry>();
  readonly scheduled = new BTree<Entry>(undefined, compareRunAt, QUEUE_NODE_SIZE);
  /** Ready jobs that were scheduled, the latest first: the clock may be set back before they start. */
  private readonly due = new BTree<Entry>(undefined, (a, b) => compareRunAt(b, a), QUEUE_NODE_SIZE);
  readonly keys = new KeyIndex();
  readonly waits = new WaitIndex();
  /** The process of each worker that ever took a job, as far as known. */
  readonly workers = new Map<string, string>();
  readonly byWorker = new Map<string, Set<Entry>>();
  /** Who waits for whom. */
  readonly dependencies = new Dependencies(this.entries, (entry) => this.unblock(entry));
  /** In the order in which they finished. */
  readonly finished = { completed: new FinishedList(), failed: new FinishedList() };
  /** Characters of data and results of finished jobs. */
  readonly finishedSize = { completed: 0, failed: 0 };
  readonly counts = new TypeCounts();
  readonly definitions = new DefinitionTable();
  /** Which ready jobs may start. */
  readonly admission = new Admission();
  readonly schedules = new ScheduleTable();
  readonly history = new History();
  readonly pausedTypes = new Set<string>();
  pausedAll = false;
  /** Characters of data and results of all jobs. */
  textSize = 0;
  /** Number of the newest applied record. */
  seq = 0;
  /** Number of the newest change that can be undone; 0: none. */
  operation = 0;

  /** Called after each applied record with the entry it changed; the entry of a removed job is out of the index by then. */
  onApplied: ((record: StoreRecord, entry: Entry | undefined) => void) | undefined;

  constructor() {
    this.definitions.onChanged = (kind) => {
      if (kind in RULES) this.admission.renew();
    };
  }

  get size(): number {
    return this.entries.size;
  }

  /** Whether jobs of this type are not started now. */
  isPaused(type: string): boolean {
    return this.pausedAll || this.pausedTypes.has(type);
  }

  /**
   * Applies one record. A record that the entry has seen already (a replay over a newer snapshot) does nothing; one for a job that is
   * not there, or for a state that does not allow it, returns false.
   *
   * @param known The entry of its job, as far as the caller knows: finding it takes longer than most of the rest.
   */
  apply(record: StoreRecord, known?: Entry): boolean {
    this.seq = Math.max(this.seq, record.seq);
    if (record.operation !== undefined) this.operation = Math.max(this.operation, record.operation);
    const { op } = record;
    if (op === 'worker' || op === 'define' || op === 'fire' || op === 'pause') {
      const applied = applySetting(this, record);
      this.onApplied?.(record, undefined);
      return applied;
    }
    if (record.op === 'add') {
      const { key, throttle } = record.job;
      if (key !== undefined && throttle !== undefined)
        this.keys.windows.open({ key, id: record.job.id, until: record.at + throttle }, record.at);
      this.dependencies.finish(record.job.id);
      if (this.entries.has(record.job.id)) {
        // In a newer snapshot; its dependents may be older.
        if (record.job.status === 'completed') this.dependencies.ended(record.job.id, record.seq, true);
        return false;
      }
      const entry = new Entry(record.job.id, record.job.type, record.seq, record.job.created ?? record.at, record.job);
      entry.data = record.body;
      if (record.result !== undefined) entry.result = record.result;
      entry.size = record.body.length + (record.result?.length ?? 0);
      if (entry.extra && entry.status === 'pending') this.dependencies.begin(entry.extra);
      this.insert(entry);
      this.count(record, entry);
      // Jobs that are adopted together may come in any order, and one that is replaced may be waited for.
      if (entry.status === 'completed' || entry.status === 'failed')
        this.dependencies.ended(entry.id, record.seq, entry.status === 'completed');
      this.onApplied?.(record, entry);
      return true;
    }
    const entry = known?.id === record.id ? known : this.entries.get(record.id);
    // Also when the parent left the store since, or stands completed in a newer snapshot: its dependents may be older.
    if (record.op === 'complete' || record.op === 'skip') this.dependencies.ended(record.id, record.seq, true);
    else if (losesDependents(record)) this.dependencies.ended(record.id, record.seq, false);
    else if (record.op === 'retry' || record.op === 'remove' || record.op === 'restore')
      this.dependencies.finish(record.id);
    if (!entry) return false;
    if (record.seq <= entry.lastSeq) return true;
    if (!allows(record.op, entry.status)) return false;
    if (record.op === 'refuse') {
      this.onApplied?.(record, entry);
      return true;
    }
    if (record.op === 'remove') {
      this.remove(entry);
      // By hand: whoever adds it again means it.
      if (record.why === 'removed' && entry.extra?.key !== undefined)
        this.keys.windows.close(entry.extra.key, entry.id);
      this.onApplied?.(record, entry);
      return true;
    }
    const keepsPlace = KEEP_PLACE.has(record.op);
    this.count(record, entry);
    if (!keepsPlace) this.unplace(entry);
    this.textSize -= entry.size;
    const absorbed = record.op === 'edit' && record.absorbs !== undefined ? (entry.extra?.absorbed ?? []) : undefined;
    mutate(entry, record);
    if (absorbed) this.keys.absorb(entry, absorbed);
    if (record.op === 'await') this.dependencies.begin(entry.extra as EntryExtra);
    // In a replay: that it started proves that it waited for nobody any more.
    else if (record.op === 'start' && entry.extra?.waitingFor) delete entry.extra.waitingFor;
    this.textSize += entry.size;
    if (!keepsPlace) this.place(entry);
    this.onApplied?.(record, entry);
    return true;
  }

  /** Puts an entry into every structure; used by `apply`, and by recovery for entries of a snapshot. */
  insert(entry: Entry): void {
    this.entries.add(entry);
    this.textSize += entry.size;
    if (entry.extra?.absorbed) this.keys.enter(entry);
    this.place(entry);
  }

  /**
   * Moves scheduled jobs whose time has come to the ready ones, and those back whose time is to come again since the clock was set back.
   * @returns whether any went back
   */
  promoteDue(now: number): boolean {
    for (;;) {
      const entry = this.scheduled.minKey();
      if (!entry || entry.runAt > now) break;
      this.unplaceScheduled(entry);
      this.counts.add(entry.type, 'scheduled', -1);
      this.enter(entry, 'ready');
      this.due.set(entry, undefined);
    }
    for (let back = false; ; back = true) {
      const entry = this.due.minKey();
      if (!entry || entry.runAt <= now) return back;
      this.unplace(entry);
      this.place(entry);
    }
  }

  /** Takes an entry out of every structure. */
  remove(entry: Entry): void {
    this.unplace(entry);
    this.entries.remove(entry);
    if (entry.extra?.absorbed) this.keys.forget(entry);
    this.textSize -= entry.size;
  }

  /** A replay from a snapshot begins with records that the snapshot's counters hold already. */
  private count(record: StoreRecord, entry: Entry): void {
    if (record.seq > this.history.countedTo) this.history.count(record, entry, this.find);
  }

  private readonly find = (id: string): Entry | undefined => this.entries.get(id);

  private place(entry: Entry): void {
    if (entry.status === 'pending' || entry.status === 'active') {
      if (entry.extra?.key !== undefined) this.keys.take(entry.extra.key, entry);
      this.dependencies.need(entry, 1);
    }
    if (entry.status !== 'pending') {
      this.enter(entry, entry.status);
      return;
    }
    if (entry.extra?.waitingFor) this.enter(entry, 'blocked');
    else if (entry.run?.held) this.enter(entry, 'held');
    else this.enter(entry, entry.runAt > 0 ? 'scheduled' : 'ready');
  }

  private enter(entry: Entry, place: Place): void {
    entry.place = place;
    this.counts.add(entry.type, place, 1);
    if (entry.extra && entry.status === 'pending') this.waits.add(entry);
    const { admission } = this;
    if (place === 'ready') {
      const ready = this.readyOf(entry.type);
      ready.set(entry, undefined);
      if (admission.isLive) admission.entered(entry, ready);
      else if (isSpecial(entry)) admission.want();
    } else if (place === 'scheduled') {
      this.scheduled.set(entry, undefined);
      if (admission.isLive && hasStarted(entry)) admission.startAgainWaits(entry, entry.updated);
    } else if (place === 'active') {
      this.heldBy(entry.run?.worker ?? '').add(entry);
      if (admission.isLive) admission.started(entry, entry.updated);
    } else if (place === 'blocked') this.dependencies.listen(entry);
    else if (place === 'held') this.held.add(entry);
    else {
      this.finished[place].add(entry);
      this.finishedSize[place] += entry.size;
      this.dependencies.listen(entry);
    }
  }

  private unblock(entry: Entry): void {
    // It may have waited for the job that held its key.
    if (entry.extra?.key !== undefined) this.keys.take(entry.extra.key, entry);
    this.counts.add(entry.type, 'blocked', -1);
    this.enter(entry, entry.runAt > 0 ? 'scheduled' : 'ready');
  }

  private unplace(entry: Entry): void {
    const { place } = entry;
    this.counts.add(entry.type, place, -1);
    if (entry.extra) this.waits.delete(entry);
    if (place === 'ready') {
      this.readyOf(entry.type).delete(entry);
      if (this.admission.isLive) this.admission.left(entry);
      if (entry.runAt > 0) this.due.delete(entry);
    } else if (place === 'scheduled') this.unplaceScheduled(entry);
    else if (place === 'active') this.letGo(entry);
    else if (place === 'blocked') this.dependencies.forget(entry);
    else if (place === 'held') this.held.delete(entry);
    else {
      this.finished[place].delete(entry);
      this.finishedSize[place] -= entry.size;
      this.dependencies.forget(entry);
    }
    const key = entry.extra?.key;
    if (key !== undefined) this.keys.leave(key, entry);
    if (place !== 'completed' && place !== 'failed') this.dependencies.need(entry, -1);
  }

  private readyOf(type: string): SortedSet<Entry> {
    let tree = this.ready.get(type);
    if (!tree) {
      tree = new BTree<Entry>(undefined, compareQueueOrder, QUEUE_NODE_SIZE);
      this.ready.set(type, tree);
    }
    return tree;
  }

  private heldBy(worker: string): Set<Entry> {
    let held = this.byWorker.get(worker);
    if (!held) {
      held = new Set();
      this.byWorker.set(worker, held);
    }
    return held;
  }

  private unplaceScheduled(entry: Entry): void {
    this.scheduled.delete(entry);
    if (this.admission.isLive && hasStarted(entry)) this.admission.startAgainDue(entry, entry.updated);
  }

  private letGo(entry: Entry): void {
    if (this.admission.isLive) this.admission.ended(entry, entry.updated);
    const worker = entry.run?.worker ?? '';
    const held = this.byWorker.get(worker);
    held?.delete(entry);
    if (held?.size === 0) this.byWorker.delete(worker);
  }
}
