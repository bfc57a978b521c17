/**
 * Keeps the four folders: writes what it is told to, watches, and finds out what somebody else did. Everything that touches the files of
 * jobs happens here, on one thread, so that no two steps can meet.
 *
 * @module
 */
import { type Clock, JOB_STATUSES, type JobStatus, type Timer } from '@leviathan/core';
import { ensureDirSync } from './atomic';
import { ErrorDesk } from './error-desk';
import { errorCode, type Files } from './files';
import { kindOfName, type Layout } from './layout';
import type { Quarantine } from './quarantine';
import { ScanLoop } from './scan-loop';
import { nextTurn, startSlice } from './slice';
import { Examiner } from './view-examiner';
import { concernsEveryFile } from './view-flusher';
import { type Note, Notes } from './view-notes';
import { Oddities } from './view-oddities';
import { ViewScanner } from './view-scan';
import type { FileCounts, FolderHost, FolderKeeping, KeptFile, Update, UpdateOutcome } from './view-update';
import { ViewWriter } from './view-writer';
import { FolderWatcher } from './watch';

/** Time for the second half of a move to be told (ms). */
const DEBOUNCE_MS = 20;
/** After so many events within {@link DEBOUNCE_MS} others are likely to have been dropped: Linux queues 16,384, and does not tell. */
const BURST = 4_000;
const SCAN_MS = 30_000;
/** While a folder cannot be watched it is looked at this often (ms). */
const POLL_MS = 1_000;

/** What a keeper is made of. */
export interface FolderKeeperOptions {
  layout: Layout;
  files: Files;
  clock: Clock;
  quarantine: Quarantine;
  host: FolderHost;
  /** The files that another keeper left behind; left out: nothing is known of what stands there. */
  notes?: [string, Note][];
}

/** See the module. */
export class FolderKeeper implements FolderKeeping {
  /** On the thread of the store each file is written in its turn, and the time looked at. */
  readonly batch = 1;
  private readonly notes = new Notes();
  private readonly errors: ErrorDesk;
  private readonly writer: ViewWriter;
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

  constructor(private readonly options: FolderKeeperOptions) {
    const { layout, files, clock, quarantine, host } = options;
    const { notes, unusable } = this;
    this.errors = new ErrorDesk(clock, (error) => host.error(error));
    this.writer = new ViewWriter(layout, files, notes, unusable);
    this.examiner = new Examiner({
      ...{ layout, files, notes, clock, host, quarantine, unusable },
      errors: this.errors,
      folderStands: (folder) => this.watchers.get(folder)?.stands ?? true,
    });
    if (options.notes) {
      for (const [id, note] of options.notes) notes.set(id, note, note.folder, note.version);
      this.writer.settled = true;
    }
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

  get files(): FileCounts {
    return this.notes.files;
  }

  async start(): Promise<KeptFile[]> {
    this.state = 'running';
    this.examiner.scanning = true;
    await this.scan();
    this.examiner.scanning = false;
    await this.examiner.idle();
    this.writer.settled = true;
    return this.kept();
  }

  /** What another keeper has to know, once this one has stopped. */
  takeNotes(): [string, Note][] {
    return [...this.notes.entries()];
  }

  write(updates: Update[]): UpdateOutcome[] {
    let isBroken = false;
    return updates.map((update) => {
      if (isBroken) return 'untried';
      const outcome = this.writeOne(update);
      isBroken = outcome instanceof Error && concernsEveryFile(outcome);
      return outcome;
    });
  }

  async scan(): Promise<void> {
    await this.scans.now();
    await this.examiner.idle();
  }

  idle(): Promise<void> {
    return this.examiner.idle();
  }

  async stop(): Promise<void> {
    this.state = 'stopped';
    this.oddities.stop();
    this.hintTimer?.cancel();
    for (const watcher of this.watchers.values()) watcher.close();
    await this.scans.stop();
    await this.examiner.stop();
  }

  private writeOne(update: Update): UpdateOutcome {
    const { id } = update;
    // Its examination ends with a wish for another update.
    if (this.examiner.isHeld(id)) {
      this.examiner.want(id);
      return 'foreign';
    }
    try {
      const outcome = this.writer.write(update);
      if (outcome === 'foreign') {
        this.examiner.examine(id);
        this.examiner.want(id);
      }
      return outcome;
    } catch (error) {
      // The folder itself is gone: a scan makes it again.
      if (errorCode(error) === 'ENOENT') this.scans.soon();
      return error as Error;
    }
  }

  private kept(): KeptFile[] {
    return [...this.notes.entries()].map(([id, { folder, version }]) => ({ id, folder, version }));
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
    // What is found at the start only is not told by any event.
    if (!(await this.scanner.scan()) && this.state !== 'stopped') this.scans.soon(POLL_MS);
    if (replaced) this.options.host.replaced(this.kept());
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
}
