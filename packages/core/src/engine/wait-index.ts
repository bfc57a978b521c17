/**
 * The pending jobs that time does something to, by when it does.
 *
 * @module
 */
import { BTree } from './btree';
import type { Entry } from './entry';

/** See the module. Most queues have no such jobs. */
export class WaitIndex {
  private readonly expiring = new BTree<Entry>(undefined, (a, b) => expiryOf(a) - expiryOf(b) || a.seq - b.seq);

  /** The job waits; again is harmless. */
  add(entry: Entry): void {
    if (entry.extra?.expiresAt !== undefined) this.expiring.set(entry, undefined);
  }

  /** It waits no more, or is about to change. */
  delete(entry: Entry): void {
    if (entry.extra?.expiresAt !== undefined) this.expiring.delete(entry);
  }

  /** When something is due next, in epoch milliseconds. */
  get next(): number | undefined {
    const first = this.expiring.size === 0 ? undefined : this.expiring.minKey();
    return first && expiryOf(first);
  }

  /** The jobs that have waited too long, `max` at most. */
  expired(now: number, max: number): Entry[] {
    const expired: Entry[] = [];
    for (const entry of this.expiring.keys()) {
      if (expired.length === max || expiryOf(entry) > now) break;
      expired.push(entry);
    }
    return expired;
  }
}

function expiryOf({ extra }: Entry): number {
  return extra?.expiresAt ?? 0;
}
