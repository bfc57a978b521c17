/**
 * Decides when files are written: soon, in short slices, and never more than a quarter of the time while the store is busy. What
 * cannot be written is tried again, ever more rarely, and holds nothing else up.
 *
 * @module
 */
import type { Clock, Timer } from '@leviathan/core';
import type { ErrorDesk } from './error-desk';
import { errorCode } from './files';
import { nextTurn, startSlice } from './slice';
import { type Behind, DirtyJobs } from './view-dirty';
import type { FolderKeeping, Update, UpdateOutcome } from './view-update';

/** Changes within so many milliseconds become one write. */
const DELAY_MS = 25;
/** Milliseconds of rest per millisecond of writing, while there is more to write than one slice. */
const REST = 3;
/**
 * When so many files fall behind per millisecond the folders cannot follow: most of these jobs will have gone on before they are written, or
 * have left, so that haste would only take the processor from the jobs. Until it is over one slice is written every {@link STORM_MS}.
 */
const STORM = 10;
const STORM_MS = 100;
/** A slice that took longer met a busy machine or a slow disk: resting in proportion would only make the folders late (ms). */
const MAX_REST_MS = 24;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 30_000;

/** Batches under way to another thread: one is written while the next one is made. */
const MAX_FLIGHTS = 2;

/** Errors that the next file would meet as well. */
const EVERY_FILE = ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE', 'EIO', 'ENOMEM'];

/** Whether an error concerns every file, so that there is no use in trying the next one. */
export function concernsEveryFile(error: Error): boolean {
  return EVERY_FILE.includes(errorCode(error) ?? '');
}

/** What a flusher works with. */
export interface ViewFlusherOptions {
  clock: Clock;
  errors: ErrorDesk;
  keeper: FolderKeeping;
  /** How the file of this job is to be; undefined: there is nothing to do. */
  updateOf: (id: string) => Update | undefined;
  /** Marks the job as behind, by {@link ViewFlusher.add}. */
  touch: (id: string) => void;
  /** The update was made, or was not, and will be asked for again. */
  ended: (update: Update, isDone: boolean) => void;
  /** Called when everything that could be written was. */
  onIdle: () => void;
  /** Called after a slice that left so many files behind. */
  onBehind: (count: number) => void;
}

/** Updates that another thread works on. */
interface Flight {
  updates: readonly Update[];
  /** Monotonic time (ms). */
  since: number;
  landed: Promise<void>;
}

/** See the module. */
export class ViewFlusher {
  private readonly dirty: DirtyJobs;
  /** Ids that failed; they wait for the retry timer. */
  private readonly failed = new Set<string>();
  /** Since when there is something that fails again and again. */
  private failedSince: number | undefined;
  private retryMs = FIRST_RETRY_MS;
  private retryTimer: Timer | undefined;
  private flushTimer: Timer | undefined;
  /** An error that concerns every file: nothing is tried before the next retry. */
  private stalled = false;
  private running = false;
  private isStorm = false;
  /** Since when, and from which number on, jobs are counted that fall behind. */
  private countedSince = 0;
  private counted = 0;
  /** Batches that the keeper has not answered yet. */
  private readonly flights = new Set<Flight>();

  constructor(private readonly options: ViewFlusherOptions) {
    this.dirty = new DirtyJobs(() => options.clock.monotonic());
  }

  /** Ids whose files are behind. */
  get behind(): number {
    let flying = 0;
    for (const { updates } of this.flights) flying += updates.length;
    return this.dirty.size + flying + this.failed.size;
  }

  /** Age of the oldest of them (ms). */
  get lagMs(): number {
    const now = this.options.clock.monotonic();
    const failing = this.failedSince === undefined ? 0 : now - this.failedSince;
    const [flight] = this.flights;
    return Math.max(this.dirty.age, failing, flight ? now - flight.since : 0);
  }

  /** O(1). */
  add(id: string, job: Behind | undefined): void {
    if (this.dirty.add(id, job) && this.running) this.arm(DELAY_MS);
  }

  start(): void {
    this.running = true;
    if (this.dirty.size > 0) this.arm(DELAY_MS);
  }

  stop(): void {
    this.running = false;
    this.flushTimer?.cancel();
    this.retryTimer?.cancel();
    this.flushTimer = undefined;
    this.retryTimer = undefined;
  }

  /**
   * Writes everything that is behind at this moment, with turns of the event loop in between; each id is tried once. Resolves with how
   * many failed.
   */
  async flush(): Promise<number> {
    this.retryNow();
    this.dirty.rotate();
    // What changes meanwhile comes later: under load there would be no end to it.
    const end = this.dirty.count;
    while (this.slice().more && this.dirty.oldest < end) {
      const [flight] = this.flights;
      await (flight?.landed ?? nextTurn());
    }
    await Promise.all([...this.flights].map(({ landed }) => landed));
    // The last slice may have been over with its last file.
    if (this.dirty.size === 0 && !this.stalled) this.options.onIdle();
    return this.failed.size + (this.stalled ? this.dirty.size : 0);
  }

  private arm(ms: number): void {
    const wait = this.isStorm ? Math.max(ms, STORM_MS) : ms;
    this.flushTimer ??= this.options.clock.after(wait, () => this.tick());
  }

  private tick(): void {
    this.flushTimer = undefined;
    this.lookForStorm();
    this.dirty.rotate();
    const { more, elapsed } = this.slice();
    if (!this.running) return;
    if (more) this.options.onBehind(this.dirty.size);
    // A batch that lands goes on by itself.
    if (more && this.flights.size < MAX_FLIGHTS) this.arm(Math.min(Math.max(1, elapsed * REST), MAX_REST_MS));
    else if (this.dirty.size > 0 && !this.stalled) this.arm(DELAY_MS);
  }

  private lookForStorm(): void {
    const now = this.options.clock.monotonic();
    const elapsed = now - this.countedSince;
    if (elapsed < STORM_MS) return;
    this.isStorm = (this.dirty.added - this.counted) / elapsed > STORM;
    this.counted = this.dirty.added;
    this.countedSince = now;
  }

  private slice(): { more: boolean; elapsed: number } {
    const slice = startSlice();
    while (!this.stalled) {
      if (this.flights.size >= MAX_FLIGHTS) return { more: true, elapsed: slice.elapsed() };
      const updates = this.takeUpdates(slice);
      if (updates.length > 0) this.hand(updates);
      if (slice.isOver()) return { more: true, elapsed: slice.elapsed() };
      if (updates.length === 0) break;
    }
    if (this.failed.size === 0) {
      this.retryMs = FIRST_RETRY_MS;
      this.failedSince = undefined;
    }
    if (!this.stalled) this.options.onIdle();
    return { more: false, elapsed: slice.elapsed() };
  }

  /** What is to be written next; fewer than fit into a batch when there is no more, or the slice is over. */
  private takeUpdates(slice: { isOver(): boolean }): Update[] {
    const { keeper, updateOf } = this.options;
    const updates: Update[] = [];
    while (updates.length < keeper.batch && !slice.isOver()) {
      const id = this.dirty.take();
      if (id === undefined) break;
      try {
        const update = updateOf(id);
        if (update) updates.push(update);
      } catch (error) {
        // Its data cannot be read from the journal.
        this.fail(id, error as Error);
      }
    }
    return updates;
  }

  private hand(updates: Update[]): void {
    const outcomes = this.options.keeper.write(updates);
    if (!(outcomes instanceof Promise)) {
      this.land(updates, outcomes);
      return;
    }
    const landed = outcomes.then((known) => {
      this.flights.delete(flight);
      this.land(updates, known);
      if (this.running && this.dirty.size > 0 && !this.stalled) this.arm(0);
    });
    const flight: Flight = { updates, since: this.options.clock.monotonic(), landed };
    this.flights.add(flight);
  }

  private land(updates: readonly Update[], outcomes: readonly UpdateOutcome[]): void {
    for (const [i, update] of updates.entries()) {
      const { id } = update;
      const outcome = outcomes[i];
      this.options.ended(update, outcome === 'done');
      if (outcome === 'untried') this.options.touch(id);
      else if (outcome instanceof Error) this.fail(id, outcome);
    }
  }

  private fail(id: string, error: Error): void {
    const { clock, errors } = this.options;
    this.failedSince ??= clock.monotonic();
    this.failed.add(id);
    this.stalled ||= concernsEveryFile(error);
    errors.report('write', `The file of job ${id} is behind`, error);
    this.armRetry();
  }

  private armRetry(): void {
    if (this.retryTimer || !this.running) return;
    this.retryTimer = this.options.clock.after(this.retryMs, () => this.retryNow());
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  private retryNow(): void {
    this.retryTimer?.cancel();
    this.retryTimer = undefined;
    this.stalled = false;
    for (const id of this.failed) this.options.touch(id);
    this.failed.clear();
    if (this.running && this.dirty.size > 0) this.arm(DELAY_MS);
  }
}
