/**
 * The windows of throttled keys: who came first, and until when that counts. They outlive their jobs, and are forgotten when they are over.
 *
 * @module
 */
import { BTree } from './btree';

/** One window. */
export interface ThrottleWindow {
  key: string;
  /** The job that opened it. */
  id: string;
  /** Epoch milliseconds, exclusive. */
  until: number;
}

/** See the module. */
export class ThrottleWindows implements Iterable<ThrottleWindow> {
  private readonly byKey = new Map<string, ThrottleWindow>();
  private readonly byEnd = new BTree<ThrottleWindow>(
    undefined,
    (a, b) => a.until - b.until || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  );

  /** The job that opened the window of this key which is open at that time. */
  firstOf(key: string, now: number): string | undefined {
    const window = this.byKey.get(key);
    return window && now < window.until ? window.id : undefined;
  }

  /** Opens one, and forgets those that were over at that time. */
  open(window: ThrottleWindow, now: number): void {
    this.close(window.key);
    for (let ended = this.byEnd.minKey(); ended && ended.until <= now; ended = this.byEnd.minKey())
      this.close(ended.key);
    if (window.until <= now) return;
    this.byKey.set(window.key, window);
    this.byEnd.set(window, undefined);
  }

  /** Closes the window of a key before its time; with an id, only if that job opened it. */
  close(key: string, id?: string): void {
    const window = this.byKey.get(key);
    if (!window || (id !== undefined && window.id !== id)) return;
    this.byKey.delete(key);
    this.byEnd.delete(window);
  }

  [Symbol.iterator](): IterableIterator<ThrottleWindow> {
    return this.byKey.values();
  }
}
