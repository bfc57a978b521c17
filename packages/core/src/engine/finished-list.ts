/**
 * Finished jobs in the order in which they finished. Each gets the next number, so that an entry's place is known without a search:
 * adding, removing, and telling how many finished later are O(1).
 *
 * @module
 */
import type { Entry } from './entry';

/** See the module. */
export class FinishedList implements Iterable<Entry> {
  /** Those that left are holes, squeezed out once they are the majority. */
  private items: (Entry | undefined)[] = [];
  /** Number of `items[0]`. */
  private first = 0;
  /** Everything before is a hole. */
  private head = 0;
  private count = 0;

  constructor(entries: Iterable<Entry> = []) {
    for (const entry of entries) this.add(entry);
  }

  get size(): number {
    return this.count;
  }

  /** Whether it is in this list. */
  has(entry: Entry): boolean {
    return entry.run !== undefined && this.items[entry.run.finishedNumber - this.first] === entry;
  }

  /** Appends it: it finished last. */
  add(entry: Entry): void {
    entry.changed().finishedNumber = this.first + this.items.length;
    this.items.push(entry);
    this.count++;
  }

  /** Takes it out, if it is there. */
  delete(entry: Entry): void {
    if (!this.has(entry)) return;
    this.items[(entry.run?.finishedNumber ?? 0) - this.first] = undefined;
    this.count--;
    while (this.head < this.items.length && this.items[this.head] === undefined) this.head++;
    if (this.items.length > 64 && this.count * 2 < this.items.length) this.squeeze();
  }

  /** At least so many of the list finished after this one; those that left since count as well. */
  after(entry: Entry): number {
    return this.first + this.items.length - 1 - (entry.run?.finishedNumber ?? 0);
  }

  /** The oldest first. The list must not change meanwhile. */
  *[Symbol.iterator](): Generator<Entry> {
    for (let i = this.head; i < this.items.length; i++) {
      const entry = this.items[i];
      if (entry) yield entry;
    }
  }

  /** The numbers of those that stay change where there were holes among them: none finished later than before. */
  private squeeze(): void {
    const left = [...this];
    this.first += this.items.length - left.length;
    this.items = left;
    this.head = 0;
    left.forEach((entry, i) => {
      entry.changed().finishedNumber = this.first + i;
    });
  }
}
