/** Timers by name: each is set at most once at a time. */
import type { Clock, Timer } from '../clock';

/** Commits after a failed write are tried again this much later (ms). */
export const RETRY_INTERVAL = 1_000;
/** What time or a parent does to very many jobs at once is recorded in slices, so much (ms) apart. */
export const SLICE_INTERVAL = 1;

/** The alarms of one store. */
export class Alarms {
  private readonly timers = new Map<string, { at: number | undefined; timer: Timer }>();
  private closed = false;

  constructor(private readonly clock: Clock) {}

  /** Rings after `ms` milliseconds, unless an alarm of this name is set already. */
  after(name: string, ms: number, ring: () => void): void {
    if (this.closed || this.timers.has(name)) return;
    this.set(name, undefined, (fire) => this.clock.after(ms, fire), ring);
  }

  /** Rings at this wall-clock time (epoch milliseconds) in place of what was set under the name; undefined: not at all. */
  at(name: string, at: number | undefined, ring: () => void): void {
    const set = this.timers.get(name);
    if (this.closed || (set ? at !== undefined && set.at === at : at === undefined)) return;
    this.stop(name);
    if (at !== undefined) this.set(name, at, (fire) => this.clock.at(at, fire), ring);
  }

  stop(name: string): void {
    this.timers.get(name)?.timer.cancel();
    this.timers.delete(name);
  }

  /** Stops all, for good. */
  close(): void {
    this.closed = true;
    for (const name of [...this.timers.keys()]) this.stop(name);
  }

  private set(name: string, at: number | undefined, start: (fire: () => void) => Timer, ring: () => void): void {
    const timer = start(() => {
      this.timers.delete(name);
      ring();
    });
    this.timers.set(name, { at, timer });
  }
}
