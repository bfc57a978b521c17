/**
 * Events on their way to one subscriber: everything in order while it keeps up, the essence when it does not.
 *
 * @module
 */
import { MAX_LOGS } from '../job';
import type { StoreEvent } from '../store';

/** A bounded buffer of events; see the section on events in `protocol.ts`. */
export class EventBuffer {
  // Ordered by insertion. Progress and log lines of a job have a key of their own when they are held, so that the next replaces it.
  private waiting = new Map<string | number, StoreEvent>();
  private counter = 0;

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.waiting.size;
  }

  /** Adds events. `held`: the subscriber is behind, so progress and log lines of one job are merged. */
  push(events: StoreEvent[], held: boolean): void {
    for (const event of events) {
      if (held && (event.kind === 'progress' || event.kind === 'log')) this.merge(event);
      else this.waiting.set(this.counter++, event);
    }
  }

  /** With more events than the limit, one `reset` takes the place of all. */
  bound(): void {
    if (this.waiting.size <= this.limit) return;
    const last = [...this.waiting.values()].at(-1);
    this.waiting.clear();
    if (last) this.waiting.set(this.counter++, { seq: last.seq, at: last.at, kind: 'reset' });
  }

  /** Takes the first events away, `max` at most. */
  take(max: number): StoreEvent[] {
    if (this.waiting.size <= max) {
      const all = [...this.waiting.values()];
      this.waiting.clear();
      return all;
    }
    const first: StoreEvent[] = [];
    for (const [key, event] of this.waiting) {
      if (first.length === max) break;
      first.push(event);
      this.waiting.delete(key);
    }
    return first;
  }

  /** The newer one takes the older one's part but stands at the end: an event never moves before a transition that came before it. */
  private merge(event: StoreEvent): void {
    const key = `${event.kind} ${event.id}`;
    const older = this.waiting.get(key);
    this.waiting.delete(key);
    const logs = older?.logs && event.logs ? [...older.logs, ...event.logs].slice(-MAX_LOGS) : event.logs;
    this.waiting.set(key, logs ? { ...event, logs } : event);
  }
}
