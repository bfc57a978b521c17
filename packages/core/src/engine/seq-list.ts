/**
 * Entries in order of creation. Removal leaves a hole and holes are squeezed out once they are the majority, so that add, remove and
 * a step of iteration each cost O(log n) at worst and a scan may stop and go on at any creation number.
 *
 * @module
 */
import type { Entry } from './entry';

/** An append-mostly list, sorted by `seq`. */
export class SeqList {
  private items: (Entry | undefined)[] = [];
  /** `seqs[i]` belongs to `items[i]`, holes included: it is what a binary search compares. */
  private seqs: number[] = [];
  private holes = 0;
  /** Changes whenever positions shift, which tells iterators to look theirs up again. */
  private version = 0;

  get size(): number {
    return this.items.length - this.holes;
  }

  /** Adds an entry; one that is older than the newest (as recovery may meet) is put in its place. */
  add(entry: Entry): void {
    const last = this.seqs.length - 1;
    if (last < 0 || (this.seqs[last] as number) < entry.seq) {
      this.items.push(entry);
      this.seqs.push(entry.seq);
      return;
    }
    const index = this.firstAtOrAfter(entry.seq);
    if (this.seqs[index] === entry.seq) {
      if (this.items[index] === undefined) this.holes--;
      this.items[index] = entry;
      return;
    }
    this.version++;
    this.items.splice(index, 0, entry);
    this.seqs.splice(index, 0, entry.seq);
  }

  remove(entry: Entry): void {
    const index = this.firstAtOrAfter(entry.seq);
    if (this.items[index] !== entry) return;
    this.items[index] = undefined;
    this.holes++;
    if (this.holes > 64 && this.holes * 2 > this.items.length) this.squeeze();
  }

  /** Entries with `seq` above `after`, ascending. Safe while entries are added or removed. */
  *ascending(after = Number.NEGATIVE_INFINITY): Generator<Entry> {
    let position = after;
    let version = -1;
    let index = 0;
    for (;;) {
      if (version !== this.version) {
        version = this.version;
        index = this.firstAtOrAfter(position);
        if (this.seqs[index] === position) index++;
      }
      while (index < this.items.length && this.items[index] === undefined) index++;
      const entry = this.items[index];
      if (!entry) return;
      position = entry.seq;
      index++;
      yield entry;
    }
  }

  /** Entries with `seq` below `before`, descending. Safe while entries are added or removed. */
  *descending(before = Number.POSITIVE_INFINITY): Generator<Entry> {
    let position = before;
    let version = -1;
    let index = 0;
    for (;;) {
      if (version !== this.version) {
        version = this.version;
        index = this.firstAtOrAfter(position) - 1;
      }
      while (index >= 0 && this.items[index] === undefined) index--;
      const entry = this.items[index];
      if (!entry) return;
      position = entry.seq;
      index--;
      yield entry;
    }
  }

  private firstAtOrAfter(seq: number): number {
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.seqs[middle] as number) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private squeeze(): void {
    this.items = this.items.filter((item) => item !== undefined);
    this.seqs = (this.items as Entry[]).map((item) => item.seq);
    this.holes = 0;
    this.version++;
  }
}
