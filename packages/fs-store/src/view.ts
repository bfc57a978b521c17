/**
 * The folders `pending`, `active`, `completed` and `failed`: one readable file per job, written behind the index, and in the other
 * direction a person's hand as a request. The index is the truth; nothing that stands in the folders stops it.
 *
 * @module
 */
import { type Clock, JOB_STATUSES, type JobStatus } from '@leviathan/core';
import type { BodySource, Entry, JobTable, StoreRecord } from '@leviathan/core/engine';
import { ErrorDesk } from './error-desk';
import type { Files } from './files';
import { FolderKeeper } from './folder-keeper';
import type { HandRequests } from './hand-requests';
import { KeeperSwitch } from './keeper-switch';
import type { Layout } from './layout';
import type { Quarantine } from './quarantine';
import { Tombstones } from './tombstones';
import { ViewFeed } from './view-feed';
import { ViewFlusher } from './view-flusher';
import { ThreadKeeper } from './view-thread-keeper';
import type { FolderHost } from './view-update';

/** Examined files, and pending jobs for which there is room again, each take another round. */
const FLUSH_ROUNDS = 4;
/** See {@link FolderViewOptions.threadFrom}. */
const THREAD_FROM = 1_000;
/** After so many removals of files the folders are synced, for a snapshot not to have to name them all. */
const SYNC_FROM = 2_000;

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
  /** Ids that the journal knows as removed: files of theirs that still stand there are leftovers of a crash. Emptied by the start. */
  leftovers?: Set<string>;
  /** The job will leave the store soon: a file of it is not worth writing any more. */
  isLeaving?: (entry: Entry) => boolean;
  /** Records below this number survive what the store promises to survive; all of them by default. */
  durable?: () => number;
  /** Hears of what cannot be read or written, each kind once per minute. */
  onError?: (error: unknown) => void;
  /** Where the program of a thread for the folders stands; left out: they stay on this one. */
  program?: URL;
  /** When so many files are behind after a slice of writing, the folders get that thread; 1,000 by default. For tests. */
  threadFrom?: number;
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
  private readonly errors: ErrorDesk;
  private readonly leftovers: Set<string>;
  private readonly tombstones = new Tombstones(() => this.fsyncFolders());
  private readonly feed: ViewFeed;
  private readonly flusher: ViewFlusher;
  private readonly keeper: KeeperSwitch;
  /** Each file that stood there at the start was looked at. */
  private isSettled = false;
  private state: 'new' | 'starting' | 'running' | 'stopped' = 'new';

  constructor(private readonly options: FolderViewOptions) {
    const { layout, files, table, bodies, clock, quarantine, limits, leftovers = new Set(), onError } = options;
    const { program, threadFrom = THREAD_FROM } = options;
    const host = this.host();
    this.errors = new ErrorDesk(clock, onError);
    this.leftovers = leftovers;
    this.keeper = new KeeperSwitch({
      here: () => new FolderKeeper({ layout, files, clock, quarantine, host }),
      ...(program && { thread: (notes, counts) => new ThreadKeeper(program, layout.root, notes, counts, host) }),
      replaced: (kept) => host.replaced(kept),
    });
    this.feed = new ViewFeed({
      ...{ table, bodies, leftovers, pendingFiles: limits.pendingFiles },
      isLeaving: options.isLeaving ?? (() => false),
      durable: options.durable ?? (() => Number.POSITIVE_INFINITY),
      onUnlinked: (id) => this.unlinked(id),
      touch: (id) => this.touchId(id),
      isStopped: () => this.state === 'stopped',
    });
    this.flusher = new ViewFlusher({
      clock,
      errors: this.errors,
      keeper: this.keeper,
      updateOf: (id) => this.feed.updateOf(id),
      touch: (id) => this.touchId(id),
      ended: (update, isDone) => this.feed.ended(update, isDone),
      onIdle: () => this.feed.next(),
      onBehind: (count) => {
        if (count >= threadFrom && this.state === 'running') this.keeper.promote();
      },
    });
  }

  /** Whether the folders have a thread of their own. */
  get isThreaded(): boolean {
    return this.keeper.isThreaded;
  }

  /** A record was applied: of a new job, or of one that left. To be followed by a {@link FolderView.touch}. */
  noteRecord({ op }: StoreRecord, id: string): void {
    if (op === 'add') {
      this.leftovers.delete(id);
      this.tombstones.delete(id);
    } else if (op === 'remove') {
      // A file that the first look at the folders has not come to yet must not bring its job back.
      if (!this.isSettled) this.leftovers.add(id);
      if (!this.isSettled || this.feed.mayHaveFile(id)) this.tombstones.add(id);
    }
  }

  /** The job changed, or left the store. O(1). */
  touch(entry: Entry): void {
    this.flusher.add(entry.id, entry);
  }

  /**
   * Brings the folders and the index together, which meets what a person did while nobody watched, then watches. Resolves when each file
   * that stood there has been looked at; files that are not whole are waited for in the background.
   */
  async start(): Promise<void> {
    if (this.state !== 'new') return;
    this.state = 'starting';
    this.flusher.start();
    const kept = await this.keeper.start();
    if (this.state === 'starting') this.state = 'running';
    await this.feed.compare(kept);
    this.isSettled = true;
    for (const id of this.leftovers) {
      // Of one that was removed meanwhile the file was perhaps looked at while it still was a job's: it is about to go.
      if (this.feed.mayHaveFile(id)) this.tombstones.add(id);
      else this.tombstones.unlinked(id);
    }
    this.leftovers.clear();
  }

  /** Resolves when every change up to now is in the folders, with how many files could not be written (they are tried again later). */
  async flush(): Promise<number> {
    let failed = 0;
    // What is found on the way is written, too, but a store under load changes faster than it can all be.
    for (let round = 0; round < FLUSH_ROUNDS; round++) {
      failed = await this.flusher.flush();
      await this.keeper.idle();
      if (this.flusher.behind <= failed) break;
    }
    return failed;
  }

  /** Compares the folders with the index now. Resolves when that is done and what was found has been acted on. */
  scan(): Promise<void> {
    return this.keeper.scan();
  }

  /** Stops watching and writing; what is not written yet is left as it is: call {@link FolderView.flush} before. */
  async stop(): Promise<void> {
    this.state = 'stopped';
    this.flusher.stop();
    await this.keeper.stop();
  }

  /**
   * Makes the removals of files so far survive a power cut. Resolves with the ids of removed jobs of which a file may come back all the
   * same, those that are removed from now on included.
   */
  async settle(): Promise<Iterable<string>> {
    await this.tombstones.settle();
    return this.removed();
  }

  private *removed(): Generator<string> {
    yield* this.leftovers;
    yield* this.tombstones.ids();
  }

  /** Makes the entries of the four folders survive a power cut. */
  async fsyncFolders(): Promise<void> {
    const { layout, files } = this.options;
    await Promise.all(JOB_STATUSES.map((folder) => files.syncDir(layout.folder(folder))));
  }

  stats(): ViewStats {
    const { behind, lagMs } = this.flusher;
    return { dirty: behind, lagMs, files: { ...this.keeper.files }, skippedPending: this.feed.skippedPending };
  }

  private unlinked(id: string): void {
    this.tombstones.unlinked(id);
    if (this.tombstones.waiting < SYNC_FROM) return;
    this.tombstones.settle().catch((error) => this.errors.report('sync', 'The job folders cannot be synced', error));
  }

  private touchId(id: string): void {
    this.flusher.add(id, this.options.table.entries.get(id));
  }

  private host(): FolderHost {
    const { table, requests, onError } = this.options;
    return {
      look: async (ids) => ids.map((id) => this.feed.look(id)),
      progress: async () => table.seq,
      touch: (ids) => {
        for (const id of ids) {
          this.feed.found(id);
          this.touchId(id);
        }
      },
      replaced: (files) => void this.feed.compare(files),
      error: (error) => onError?.(error),
      retry: (id) => requests.retry(id),
      cancel: (id) => requests.cancel(id),
      remove: (id) => requests.remove(id),
      edit: (id, patch) => requests.edit(id, patch),
      adopt: (file, folder) => requests.adopt(file, folder),
    };
  }
}
