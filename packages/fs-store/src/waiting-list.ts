/** Things that are to be looked at again later, with one timer for all of them. */
import type { Clock, Timer } from '@leviathan/core';

/** See the file. */
export class WaitingList {
  private readonly due = new Map<string, number>();
  private armed: { due: number; timer: Timer } | undefined;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly onDue: (key: string) => void,
  ) {}

  has(key: string): boolean {
    return this.due.has(key);
  }

  /** Calls back in `ms`; an earlier time of the same key counts no more. */
  add(key: string, ms: number): void {
    if (this.stopped) return;
    const due = this.clock.monotonic() + ms;
    this.due.set(key, due);
    this.arm(due);
  }

  delete(key: string): void {
    this.due.delete(key);
  }

  stop(): void {
    this.stopped = true;
    this.due.clear();
    this.armed?.timer.cancel();
  }

  private arm(due: number): void {
    if (this.armed && this.armed.due <= due) return;
    this.armed?.timer.cancel();
    const timer = this.clock.after(Math.max(due - this.clock.monotonic(), 0), () => this.ring());
    this.armed = { due, timer };
  }

  private ring(): void {
    this.armed = undefined;
    const now = this.clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, due] of this.due) {
      if (due > now) {
        next = Math.min(next, due);
        continue;
      }
      this.due.delete(key);
      this.onDue(key);
    }
    if (next < Number.POSITIVE_INFINITY && !this.stopped) this.arm(next);
  }
}
