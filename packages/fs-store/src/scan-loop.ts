/** Runs something soon after it was asked for and every now and then, never twice at once. */
import type { Clock, Timer } from '@leviathan/core';

/** Hints come in bursts, and the second half of a move a moment after the first (ms). */
const DEBOUNCE_MS = 20;

/** See the file. */
export class ScanLoop {
  private armed: { due: number; timer: Timer } | undefined;
  private running: Promise<void> | undefined;
  private wanted = false;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    /** Must not reject. */
    private readonly run: () => Promise<void>,
    /** Milliseconds until the next run without anybody asking. */
    private readonly interval: () => number,
  ) {}

  /** Runs in a moment. Asking again does not put it off. */
  soon(ms: number = DEBOUNCE_MS): void {
    const due = this.clock.monotonic() + ms;
    if (this.stopped || (this.armed && this.armed.due <= due)) return;
    this.armed?.timer.cancel();
    const timer = this.clock.after(ms, () => {
      this.armed = undefined;
      void this.now();
    });
    this.armed = { due, timer };
  }

  /** Resolves after a run that began after this call. */
  now(): Promise<void> {
    this.wanted = true;
    this.running ??= this.loop();
    return this.running;
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.armed?.timer.cancel();
    await this.running;
  }

  private async loop(): Promise<void> {
    while (this.wanted && !this.stopped) {
      this.wanted = false;
      await this.run();
    }
    this.running = undefined;
    this.soon(this.interval());
  }
}
