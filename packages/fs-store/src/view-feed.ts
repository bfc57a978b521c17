/**
 * What of the index is to be seen in the folders, and how. It knows nothing of files but which pending jobs have one.
 *
 * @module
 */
import { type BodySource, type Entry, type JobTable, jobTextOf } from '@leviathan/core/engine';
import { nextTurn, startSlice } from './slice';
import { pendingInOrder } from './view-refill';
import type { JobLook, KeptFile, Update } from './view-update';

/** Share of the pending files below which new ones are added. */
const REFILL_BELOW = 0.9;

const UNKNOWN: JobLook = { known: false, removed: false, status: 'pending', version: 0, text: '', size: 0 };

/** What a feed works with. */
export interface ViewFeedOptions {
  table: JobTable;
  bodies: BodySource;
  /** Most files in `pending/`; the rest of the jobs has none until there is room. */
  pendingFiles: number;
  /** Ids that the journal knows as removed: files of theirs that still stand there are leftovers of a crash. */
  tombstones: ReadonlySet<string>;
  /** The job will leave the store soon: a file of it is not worth writing any more. */
  isLeaving: (entry: Entry) => boolean;
  /** The file of the job is behind. */
  touch: (id: string) => void;
  isStopped: () => boolean;
}

/** See the module. */
export class ViewFeed {
  /** Pending jobs that have a file, or are about to. */
  private readonly shown = new Set<string>();
  /** A pending job was left without a file because there are enough of them. */
  private capped = false;
  /** A finished job was left without a file because it was about to leave. */
  private passedOver = false;

  constructor(private readonly options: ViewFeedOptions) {}

  /** Pending jobs without a file, for want of room. */
  get skippedPending(): number {
    const { ready, scheduled, blocked } = this.options.table.counts.total;
    return this.capped ? Math.max(0, ready + scheduled + blocked - this.shown.size) : 0;
  }

  /** How the job's file is to be now. */
  updateOf(id: string): Update {
    const { table, bodies } = this.options;
    const entry = table.entries.get(id);
    if (!entry || !this.hasRoom(entry) || this.isPassedOver(entry)) {
      this.shown.delete(id);
      return { id, version: 0, text: '' };
    }
    return { id, status: entry.status, version: entry.lastSeq, text: jobTextOf(entry, bodies) };
  }

  /** The job as it stands, for who found a file of it. */
  look(id: string): JobLook {
    const { table, bodies, tombstones } = this.options;
    const entry = table.entries.get(id);
    if (!entry) return { ...UNKNOWN, removed: tombstones.has(id) };
    const { status, lastSeq, size } = entry;
    return { known: true, removed: false, status, version: lastSeq, text: jobTextOf(entry, bodies), size };
  }

  /** Everything is written. What has room now, or stays after all, gets its file. */
  next(): void {
    this.refill();
    if (!this.passedOver) return;
    const { table, isLeaving, touch } = this.options;
    for (const list of [table.finished.completed, table.finished.failed]) {
      const [oldest] = list;
      if (oldest && isLeaving(oldest)) return;
    }
    this.passedOver = false;
    for (const list of [table.finished.completed, table.finished.failed]) for (const { id } of list) touch(id);
  }

  /** Asks for the files of pending jobs for which there is room again, in the order in which they will run. */
  refill(below = REFILL_BELOW): void {
    const { table, pendingFiles, touch } = this.options;
    if (!this.capped || this.shown.size >= pendingFiles * below) return;
    this.capped = false;
    let room = pendingFiles - this.shown.size;
    for (const entry of pendingInOrder(table)) {
      if (this.shown.has(entry.id)) continue;
      if (room-- === 0) {
        this.capped = true;
        return;
      }
      touch(entry.id);
    }
  }

  /** Asks for every file that is not there, or not as it should be. */
  async compare(files: readonly KeptFile[]): Promise<void> {
    const { table, touch, isStopped } = this.options;
    const kept = new Map<string, KeptFile>();
    this.shown.clear();
    for (const file of files) {
      kept.set(file.id, file);
      if (table.entries.get(file.id)?.status === 'pending') this.shown.add(file.id);
    }
    let slice = startSlice();
    for (const entry of table.entries.values()) {
      if (isStopped()) return;
      const file = kept.get(entry.id);
      if (!file && entry.status === 'pending') this.capped = true;
      else if (file?.folder !== entry.status || file.version !== entry.lastSeq) touch(entry.id);
      if (!slice.isOver()) continue;
      await nextTurn();
      slice = startSlice();
    }
    this.refill(1);
  }

  private isPassedOver(entry: Entry): boolean {
    if (!this.options.isLeaving(entry)) return false;
    this.passedOver = true;
    return true;
  }

  private hasRoom(entry: Entry): boolean {
    const { id, status } = entry;
    if (status !== 'pending') {
      this.shown.delete(id);
      return true;
    }
    if (this.shown.has(id)) return true;
    if (this.shown.size >= this.options.pendingFiles) {
      this.capped = true;
      return false;
    }
    this.shown.add(id);
    return true;
  }
}
