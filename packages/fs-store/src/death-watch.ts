/**
 * Watches processes that hold running jobs but are not connected: until they come back, or are proven dead. In real time, whatever
 * clock the store has: processes live in it.
 *
 * @module
 */
import { systemClock, type Timer } from '@leviathan/core';

/** First look, then twice as long each time: a process's locks are freed a moment after its sockets close. */
const FIRST_INTERVAL = 5;
const MAX_INTERVAL = 500;

/** The watch of one owner. */
export class DeathWatch {
  private readonly watched = new Map<string, Set<string>>();
  private timer: Timer | undefined;
  private interval = FIRST_INTERVAL;
  private stopped = false;

  constructor(
    private readonly isAlive: (instance: string) => boolean,
    /** The process is dead: take back what its workers ran. A rejection leaves them to the next look. */
    private readonly onDeath: (workers: string[]) => Promise<unknown>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Processes that are waited for. */
  get absent(): string[] {
    return [...this.watched.keys()];
  }

  /** These workers of the instance run jobs, and it is not connected. */
  watch(instance: string, workers: Iterable<string>): void {
    const known = this.watched.get(instance) ?? new Set();
    for (const worker of workers) known.add(worker);
    if (known.size === 0 || this.stopped) return;
    this.watched.set(instance, known);
    this.interval = FIRST_INTERVAL;
    this.timer?.cancel();
    void this.look();
  }

  /** It is connected (again): its connection tells of its end from now on. */
  unwatch(instance: string): void {
    this.watched.delete(instance);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    for (const [instance, workers] of this.watched) {
      // The store is being closed, or no longer ours: its next owner looks after them.
      if (this.stopped) return;
      try {
        if (this.isAlive(instance)) continue;
        await this.onDeath([...workers]);
        this.watched.delete(instance);
      } catch (error) {
        this.onError(error);
      }
    }
    if (this.stopped || this.watched.size === 0) return;
    this.timer?.cancel();
    this.timer = systemClock.after(this.interval, () => void this.look());
    this.interval = Math.min(this.interval * 2, MAX_INTERVAL);
  }
}
