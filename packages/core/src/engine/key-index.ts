/**
 * Who holds which unique key.
 *
 * @module
 */
import type { Entry } from './entry';
import { ThrottleWindows } from './throttle-windows';

/**
 * The holder of a key is its pending or active job. A job that depends on the holder of its own key follows it: it takes the key over when
 * the holder ends, and until then the key is not its own.
 */
export class KeyIndex implements Iterable<[key: string, holder: Entry]> {
  /** What throttled adds opened. */
  readonly windows = new ThrottleWindows();
  private readonly holders = new Map<string, Entry>();
  private readonly followers = new Map<string, Entry>();
  private readonly absorbers = new Map<string, Entry>();

  /** The job that holds this key. */
  get(key: string): Entry | undefined {
    return this.holders.get(key);
  }

  /** The job that takes the key when its holder ends. */
  followerOf(key: string): Entry | undefined {
    return this.followers.get(key);
  }

  /** The job that took up the add with this id; see `unique`. */
  absorberOf(id: string): Entry | undefined {
    return this.absorbers.size === 0 ? undefined : this.absorbers.get(id);
  }

  [Symbol.iterator](): IterableIterator<[string, Entry]> {
    return this.holders.entries();
  }

  /** The job became pending or active, or waits for the holder no more. */
  take(key: string, entry: Entry): void {
    if (this.followers.get(key) === entry) this.followers.delete(key);
    const holder = this.holders.get(key);
    if (holder && holder !== entry) {
      if (waitsFor(entry, holder)) {
        this.followers.set(key, entry);
        return;
      }
      // Jobs that are adopted together may come in any order.
      if (waitsFor(holder, entry)) this.followers.set(key, holder);
    }
    this.holders.set(key, entry);
  }

  /** The job ended, or is about to change. */
  leave(key: string, entry: Entry): void {
    if (this.holders.get(key) === entry) {
      // Whoever follows it may hear of its end a moment later, and nobody may take the key in between.
      const follower = this.followers.get(key);
      this.followers.delete(key);
      if (follower) this.holders.set(key, follower);
      else this.holders.delete(key);
    } else if (this.followers.get(key) === entry) this.followers.delete(key);
  }

  /** The job is in the store, with the adds that it took up. */
  enter(entry: Entry): void {
    for (const id of entry.extra?.absorbed ?? []) this.absorbers.set(id, entry);
  }

  /** The job took up one more add; @param before Those that it knew of. */
  absorb(entry: Entry, before: readonly string[]): void {
    const now = entry.extra?.absorbed ?? [];
    for (const id of before) if (!now.includes(id)) this.absorbers.delete(id);
    this.enter(entry);
  }

  /** The job leaves the store. */
  forget(entry: Entry): void {
    for (const id of entry.extra?.absorbed ?? []) this.absorbers.delete(id);
  }
}

function waitsFor(entry: Entry, other: Entry): boolean {
  return entry.extra?.waitingFor?.has(other.id) === true;
}
