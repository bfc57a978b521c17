/**
 * What of the index is to be seen in the folders, and how. It knows nothing of files but which pending jobs have one.
 *
 * @module
 */
import type { JobStatus } from '@leviathan/core';
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
  leftovers: ReadonlySet<string>;
  /** The job will leave the store soon: a file of it is not worth writing any more. */
  isLeaving: (entry: Entry) => boolean;
  /** Records below this number survive what the store promises to survive. */
  durable: () => number;
  /** There is no file of the job any more. */
  onUnlinked: (id: string) => void;
  /** The file of the job is behind. */
  touch: (id: string) => void;
  isStopped: () => boolean;
}

/** See the module. */
export class ViewFeed {
  /** Jobs that have a file, or are about to, and where. */
  private readonly shown = new Map<string, JobStatus>();
  /** Their files are being removed. */
  private readonly going = new Set<string>();
  /** How many of them are pending. */
  private pending = 0;
  /** A pending job was left without a file because there are enough of them. */
  private capped = false;
  /** A finished job was left without a file because it was about to leave. */
  private passedOver = false;

  constructor(private readonly options: ViewFeedOptions) {}

  /** Pending jobs without a file, for want of room. */
  get skippedPending(): number {
    const { ready, scheduled, blocked, held } = this.options.table.counts.total;
    return this.capped ? Math.max(0, ready + scheduled + blocked + held - this.pending) : 0;
  }

  /** How the job's file is to be now; undefined: it has none, and needs none. */
  updateOf(id: string): Update | undefined {
    const { table, bodies, durable, touch } = this.options;
    const entry = table.entries.get(id);
    if (entry) entry.isBehind = false;
    if (entry && entry.seq >= durable()) {
      // A file that outlived its job's `add` in a power cut would be adopted, and one job of a batch without the others.
      touch(id);
      return undefined;
    }
    if (!entry || !this.hasRoom(entry)) {
      if (!this.show(id, undefined)) return undefined;
      this.going.add(id);
      return { id, version: 0, text: '' };
    }
    const text = jobTextOf(entry, bodies);
    this.show(id, entry.status);
    return { id, status: entry.status, version: entry.lastSeq, text };
  }

  /** An update came about, or did not: where there was to be no file, one may stand still. */
  ended({ id, status }: Update, isDone: boolean): void {
    if (status !== undefined) return;
    this.going.delete(id);
    if (isDone) this.options.onUnlinked(id);
    else this.found(id);
  }

  /** A file of the job may stand somewhere, perhaps one that this process did not write. */
  found(id: string): void {
    if (!this.shown.has(id)) this.show(id, 'completed');
  }

  /** Whether a file of the job may stand somewhere, as far as this process knows. */
  mayHaveFile(id: string): boolean {
    return this.shown.has(id) || this.going.has(id);
  }

  /** The job as it stands, for who found a file of it. */
  look(id: string): JobLook {
    const { table, bodies, leftovers } = this.options;
    const entry = table.entries.get(id);
    if (!entry) return { ...UNKNOWN, removed: leftovers.has(id) };
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
    if (!this.capped || this.pending >= pendingFiles * below) return;
    this.capped = false;
    let room = pendingFiles - this.pending;
    for (const entry of pendingInOrder(table)) {
      if (this.shown.get(entry.id) === 'pending') continue;
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
    for (const id of [...this.shown.keys()]) this.show(id, undefined);
    for (const file of files) {
      kept.set(file.id, file);
      this.show(file.id, file.folder);
      // Removed since its file was looked at.
      if (!table.entries.has(file.id)) touch(file.id);
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

  /** Remembers where the job's file is. Returns whether it had one. */
  private show(id: string, status: JobStatus | undefined): boolean {
    const before = this.shown.get(id);
    if (before === status) return before !== undefined;
    if (before === 'pending') this.pending--;
    if (status === 'pending') this.pending++;
    if (status === undefined) this.shown.delete(id);
    else this.shown.set(id, status);
    return before !== undefined;
  }

  private hasRoom(entry: Entry): boolean {
    const { pendingFiles, isLeaving } = this.options;
    if (entry.status !== 'pending') {
      if (!isLeaving(entry)) return true;
      this.passedOver = true;
      return false;
    }
    if (this.pending < pendingFiles || this.shown.get(entry.id) === 'pending') return true;
    this.capped = true;
    return false;
  }
}
