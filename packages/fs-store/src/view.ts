/**
 * The folders `pending`, `active`, `completed` and `failed`: one readable file per job, written behind the index, and in the other
 * direction a person's hand as a request. The index is the truth; nothing that stands in the folders stops it.
 *
 * @module
 */
import { type Clock, JOB_STATUSES, type JobStatus, type Timer } from '@leviathan/core';
import type { BodySource, JobTable } from '@leviathan/core/engine';
import { ensureDirSync } from './atomic';
import { ErrorDesk } from './error-desk';
import { errorCode, type Files } from './files';
import type { HandRequests } from './hand-requests';
import { kindOfName, type Layout } from './layout';
import type { Quarantine } from './quarantine';
import { ScanLoop } from './scan-loop';
import { nextTurn, startSlice } from './slice';
import { Examiner } from './view-examiner';
import { ViewFlusher } from './view-flusher';
import { Notes } from './view-notes';
import { Oddities } from './view-oddities';
import { pendingInOrder } from './view-refill';
import { ViewScanner } from './view-scan';
import { ViewWriter } from './view-writer';
import { FolderWatcher } from './watch';

/** Time for the second half of a move to be told (ms). */
const DEBOUNCE_MS = 20;
/** After so many events within {@link DEBOUNCE_MS} others are likely to have been dropped: Linux queues 16,384, and does not tell. */
const BURST = 4_000;
const SCAN_MS = 30_000;
/** While a folder cannot be watched it is looked at this often (ms). */
const POLL_MS = 1_000;
/** Share of the pending files below which new ones are added. */
const REFILL_BELOW = 0.9;

/** Examined files, and pending jobs for which there is room again, each take another round. */
const FLUSH_ROUNDS = 4;

/** What the view is made of. */
export interface FolderViewOptions {
  layout: Layout;
  files: Files;
  table: JobTable;
  bodies: BodySource;
  clock: Clock;
  /** Most files in `pending/`; the rest of the jobs has none until there is room. */
  limits: { pendingFiles: number };
  requests: HandRequests;
  quarantine: Quarantine;
  /** Ids that the journal knows as removed: files of theirs that still stand there are leftovers of a crash. */
  tombstones?: ReadonlySet<string>;
  /** Hears of what cannot be read or written, each kind once per minute. */
  onError?: (error: unknown) => void;
}

/** How the folders are doing. */
export interface ViewStats {
  /** Jobs whose files are behind. */
  dirty: number;
  /** Age of the oldest of them (ms). */
  lagMs: number;
  files: Record<JobStatus, number>;
  /** Pending jobs without a file, for want of room. */
  skippedPending: number;
}

/** See the module. */
export class FolderView {
  private readonly notes = new Notes();
  private readonly errors: ErrorDesk;
  private readonly writer: ViewWriter;
  private readonly flusher: ViewFlusher;
  private readonly examiner: Examiner;
  private readonly scanner: ViewScanner;
  private readonly scans: ScanLoop;
  private readonly oddities: Oddities;
  private readonly watchers = new Map<JobStatus, FolderWatcher>();
  private readonly hints = new Map<string, Set<JobStatus>>();
  /** Folders in whose place something else stands. */
  private readonly unusable = new Set<JobStatus>();
  private hintTimer: Timer | undefined;
  /** Events since the hints were followed last. */
  private events = 0;
  private state: 'new' | 'running' | 'stopped' = 'new';

  constructor(private readonly options: FolderViewOptions) {
    const { layout, files, table, bodies, clock, requests, quarantine, tombstones = new Set(), onError } = options;
    const { notes, unusable } = this;
    this.errors = new ErrorDesk(clock, onError);
    this.writer = new ViewWriter(layout, files, table, bodies, notes, unusable, options.limits.pendingFiles);
    this.flusher = new ViewFlusher(
      clock,
      this.errors,
      (id) => this.write(id),
      () => this.refill(),
    );
    this.examiner = new Examiner({
      ...{ layout, files, table, bodies, notes, clock, requests, quarantine, tombstones, unusable },
      errors: this.errors,
      done: (id) => this.flusher.add(id),
      folderStands: (folder) => this.watchers.get(folder)?.stands ?? true,
    });
    this.oddities = new Oddities(files, clock, quarantine, this.errors);
    this.scanner = new ViewScanner(layout, files, notes, unusable, this.errors, {
      differs: (id) => this.examiner.examine(id),
      odd: (folder, name) => this.oddities.look(folder, name),
      isStopped: () => this.state === 'stopped',
    });
    this.scans = new ScanLoop(
      clock,
      () => this.compare(),
      () => ([...this.watchers.values()].every((watcher) => watcher.isAlive) ? SCAN_MS : POLL_MS),
    );
    for (const folder of JOB_STATUSES) {
      const watcher = new FolderWatcher(files, layout.folder(folder), {
        hint: (name) => this.hint(folder, name),
        lost: () => this.scans.soon(),
        error: (error) =>
          this.errors.report('watch', `The folder ${folder}/ cannot be watched, so it is polled`, error),
      });
      this.watchers.set(folder, watcher);
    }
  }

  /** The job changed, or left the store. O(1). */
  touch(id: string): void {
    this.flusher.add(id);
  }

  /**
   * Brings the folders and the index together, which meets what a person did while nobody watched, then watches. Resolves when each file
   * that stood there has been looked at; files that are not whole are waited for in the background.
   */
  async start(): Promise<void> {
    if (this.state !== 'new') return;
    this.state = 'running';
    this.flusher.start();
    this.examiner.scanning = true;
    await this.scan();
    this.examiner.scanning = false;
    await this.examiner.idle();
    this.writer.settled = true;
    await this.touchUnwritten();
  }

  /** Resolves when every change up to now is in the folders, with how many files could not be written (they are tried again later). */
  async flush(): Promise<number> {
    let failed = 0;
    // What is found on the way is written, too, but a store under load changes faster than it can all be.
    for (let round = 0; round < FLUSH_ROUNDS; round++) {
      failed = await this.flusher.flush();
      await this.examiner.idle();
      if (this.flusher.behind <= failed) break;
    }
    return failed;
  }

  /** Compares the folders with the index now. Resolves when that is done and what was found has been acted on. */
  async scan(): Promise<void> {
    await this.scans.now();
    await this.examiner.idle();
  }

  /** Stops watching and writing; what is not written yet is left as it is: call {@link FolderView.flush} before. */
  async stop(): Promise<void> {
    this.state = 'stopped';
    this.flusher.stop();
    this.oddities.stop();
    this.hintTimer?.cancel();
    for (const watcher of this.watchers.values()) watcher.close();
    await this.scans.stop();
    await this.examiner.stop();
  }

  /** Makes the entries of the four folders survive a power cut. */
  async fsyncFolders(): Promise<void> {
    const { layout, files } = this.options;
    await Promise.all(JOB_STATUSES.map((folder) => files.syncDir(layout.folder(folder))));
  }

  stats(): ViewStats {
    const { ready, scheduled, blocked } = this.options.table.counts.total;
    const files = { ...this.notes.files };
    return {
      dirty: this.flusher.behind,
      lagMs: this.flusher.lagMs,
      files,
      skippedPending: this.writer.capped ? Math.max(0, ready + scheduled + blocked - files.pending) : 0,
    };
  }

  private write(id: string): void {
    // Its examination ends with another touch.
    if (this.examiner.isHeld(id)) return;
    try {
      if (this.writer.write(id) === 'foreign') this.examiner.examine(id);
    } catch (error) {
      // The folder itself is gone: a scan makes it again.
      if (errorCode(error) === 'ENOENT') this.scans.soon();
      throw error;
    }
  }

  private refill(below = REFILL_BELOW): void {
    const { pendingFiles } = this.options.limits;
    if (!this.writer.capped || this.notes.files.pending >= pendingFiles * below) return;
    this.writer.capped = false;
    let room = pendingFiles - this.notes.files.pending;
    for (const entry of pendingInOrder(this.options.table)) {
      if (this.notes.get(entry.id)?.folder === 'pending') continue;
      if (room-- === 0) {
        this.writer.capped = true;
        return;
      }
      this.flusher.add(entry.id);
    }
  }

  private hint(folder: JobStatus, name: string): void {
    if (++this.events === BURST) this.scans.soon();
    this.hintTimer ??= this.options.clock.after(DEBOUNCE_MS, () => void this.followHints());
    // Temporary files, for the most part those of the view itself.
    if (name.startsWith('.')) return;
    const folders = this.hints.get(name);
    if (folders) folders.add(folder);
    else this.hints.set(name, new Set([folder]));
  }

  private async followHints(): Promise<void> {
    const hints = [...this.hints];
    this.hints.clear();
    this.hintTimer = undefined;
    this.events = 0;
    let slice = startSlice();
    for (const [name, folders] of hints) {
      for (const folder of folders) this.follow(folder, name);
      if (!slice.isOver()) continue;
      await nextTurn();
      slice = startSlice();
    }
  }

  private follow(folder: JobStatus, name: string): void {
    if (this.state !== 'running') return;
    const kind = kindOfName(name);
    if (kind.kind === 'job') this.scanner.check(kind.id, folder);
    else this.oddities.look(this.options.layout.folder(folder), name);
  }

  private async compare(): Promise<void> {
    const replaced = this.checkFolders();
    await this.scanner.scan();
    if (replaced) await this.touchUnwritten();
  }

  /** True: a folder was removed or replaced, and with it the files that were noted there. */
  private checkFolders(): boolean {
    let replaced = false;
    for (const [folder, watcher] of this.watchers) {
      if (watcher.check()) {
        this.unusable.delete(folder);
        continue;
      }
      replaced = true;
      for (const [id, note] of this.notes.entries()) if (note.folder === folder) this.notes.delete(id);
      this.unusable.add(folder);
      try {
        ensureDirSync(this.options.files, this.options.layout.folder(folder));
        watcher.check();
        this.unusable.delete(folder);
      } catch (error) {
        this.errors.report('folder', `The folder ${folder}/ cannot be made`, error);
      }
    }
    return replaced;
  }

  /** Every job that should have a file and has none. */
  private async touchUnwritten(): Promise<void> {
    const { table } = this.options;
    let slice = startSlice();
    for (const entry of table.entries.values()) {
      if (this.state !== 'running') return;
      const note = this.notes.get(entry.id);
      if (!note && entry.status === 'pending') this.writer.capped = true;
      else if (note?.folder !== entry.status || note.version !== entry.lastSeq) this.flusher.add(entry.id);
      if (!slice.isOver()) continue;
      await nextTurn();
      slice = startSlice();
    }
    this.refill(1);
  }
}
