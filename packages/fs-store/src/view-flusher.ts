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
import { DirtyIds } from './view-dirty';

/** Changes within so many milliseconds become one write. */
const DELAY_MS = 25;
/** Milliseconds of rest per millisecond of writing, while there is more to write than one slice. */
const REST = 3;
/** A slice that took longer met a busy machine or a slow disk: resting in proportion would only make the folders late (ms). */
const MAX_REST_MS = 24;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 30_000;

/** Errors that the next file would meet as well. */
const EVERY_FILE = ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE', 'EIO', 'ENOMEM'];

/** See the module. */
export class ViewFlusher {
  private readonly dirty: DirtyIds;
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

  constructor(
    private readonly clock: Clock,
    private readonly errors: ErrorDesk,
    /** Brings one file up to date. Throws when it cannot. */
    private readonly write: (id: string) => void,
    /** Called when everything that could be written was. */
    private readonly onIdle: () => void,
  ) {
    this.dirty = new DirtyIds(() => clock.monotonic());
  }

  /** Ids whose files are behind. */
  get behind(): number {
    return this.dirty.size + this.failed.size;
  }

  /** Age of the oldest of them (ms). */
  get lagMs(): number {
    const failing = this.failedSince === undefined ? 0 : this.clock.monotonic() - this.failedSince;
    return Math.max(this.dirty.age, failing);
  }

  /** O(1). */
  add(id: string): void {
    if (this.dirty.add(id) && this.running) this.arm(DELAY_MS);
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
    while (this.slice().more && this.dirty.oldest < end) await nextTurn();
    return this.failed.size + (this.stalled ? this.dirty.size : 0);
  }

  private arm(ms: number): void {
    this.flushTimer ??= this.clock.after(ms, () => this.tick());
  }

  private tick(): void {
    this.flushTimer = undefined;
    this.dirty.rotate();
    const { more, elapsed } = this.slice();
    if (!this.running) return;
    if (more) this.arm(Math.min(Math.max(1, elapsed * REST), MAX_REST_MS));
    else if (this.dirty.size > 0 && !this.stalled) this.arm(DELAY_MS);
  }

  private slice(): { more: boolean; elapsed: number } {
    const slice = startSlice();
    while (!this.stalled) {
      const id = this.dirty.take();
      if (id === undefined) break;
      this.tryWrite(id);
      if (slice.isOver()) return { more: true, elapsed: slice.elapsed() };
    }
    if (this.failed.size === 0) {
      this.retryMs = FIRST_RETRY_MS;
      this.failedSince = undefined;
    }
    if (!this.stalled) this.onIdle();
    return { more: false, elapsed: slice.elapsed() };
  }

  private tryWrite(id: string): void {
    try {
      this.write(id);
    } catch (error) {
      this.failedSince ??= this.clock.monotonic();
      this.failed.add(id);
      this.stalled = EVERY_FILE.includes(errorCode(error) ?? '');
      this.errors.report('write', `The file of job ${id} is behind`, error);
      this.armRetry();
    }
  }

  private armRetry(): void {
    if (this.retryTimer || !this.running) return;
    this.retryTimer = this.clock.after(this.retryMs, () => this.retryNow());
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  private retryNow(): void {
    this.retryTimer?.cancel();
    this.retryTimer = undefined;
    this.stalled = false;
    for (const id of this.failed) this.dirty.add(id);
    this.failed.clear();
    if (this.running && this.dirty.size > 0) this.arm(DELAY_MS);
  }
}
