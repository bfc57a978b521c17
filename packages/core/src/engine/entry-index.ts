/**
 * All entries, in order of creation and by id.
 *
 * In order: removal leaves a hole and holes are squeezed out once they are the majority, so that add, remove and a step of iteration each
 * cost O(log n) at worst and a scan may stop and go on at any creation number.
 *
 * By id: a table of places in that list, open addressing with linear probing. A `Map` of a million ids takes half a microsecond for each
 * new job, most of it for growing, for the collector to follow its pointers, and for cache misses; this takes a third, and half the memory.
 *
 * @module
 */
import type { Entry } from './entry';

/** Slots per entry at least: a probe then finds its end after one or two steps. */
const SPARSENESS = 2;
const FIRST_SLOTS = 64;

/** See the module. */
export class EntryIndex {
  private items: (Entry | undefined)[] = [];
  /** `seqs[i]` belongs to `items[i]`, holes included: it is what a binary search compares. */
  private seqs: number[] = [];
  private holes = 0;
  /** `hashes[i]` belongs to `items[i]`. */
  private hashes = new Int32Array(FIRST_SLOTS / SPARSENESS);
  /** Place in the list, plus 1; 0: free. What points to a hole is passed over. */
  private slots = new Int32Array(FIRST_SLOTS);
  /** Changes whenever positions shift, which tells iterators to look theirs up again. */
  private version = 0;

  get size(): number {
    return this.items.length - this.holes;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  get(id: string): Entry | undefined {
    const { slots, hashes, items } = this;
    const mask = slots.length - 1;
    const hash = hashOf(id);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot] as number;
      if (place === 0) return undefined;
      if (hashes[place - 1] !== hash) continue;
      const entry = items[place - 1];
      if (entry?.id === id) return entry;
    }
  }

  /**
   * Adds an entry whose id is not there; one that is older than the newest (as recovery may meet) is put in its place.
   */
  add(entry: Entry): void {
    const last = this.seqs.length - 1;
    if (last < 0 || (this.seqs[last] as number) < entry.seq) {
      this.items.push(entry);
      this.seqs.push(entry.seq);
      this.enter(this.items.length, hashOf(entry.id));
      return;
    }
    const index = this.firstAtOrAfter(entry.seq);
    if (this.seqs[index] === entry.seq) {
      if (this.items[index] === undefined) this.holes--;
      this.items[index] = entry;
    } else {
      this.items.splice(index, 0, entry);
      this.seqs.splice(index, 0, entry.seq);
    }
    this.rebuild();
  }

  remove(entry: Entry): void {
    const index = this.firstAtOrAfter(entry.seq);
    if (this.items[index] !== entry) return;
    this.items[index] = undefined;
    this.holes++;
    if (this.holes > 64 && this.holes * 2 > this.items.length) this.squeeze();
  }

  /** All entries, in order of creation. */
  values(): Generator<Entry> {
    return this.ascending();
  }

  /** All ids, in order of creation. */
  *keys(): Generator<string> {
    for (const { id } of this.ascending()) yield id;
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

  /** Puts the newest item, at this place, into the table. */
  private enter(place: number, hash: number): void {
    if (place * SPARSENESS > this.slots.length) this.grow();
    this.hashes[place - 1] = hash;
    this.link(place, hash);
  }

  private link(place: number, hash: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = place;
  }

  private grow(): void {
    const { hashes } = this;
    this.hashes = new Int32Array(hashes.length * 2);
    this.hashes.set(hashes);
    this.slots = new Int32Array(this.slots.length * 2);
    this.items.forEach((item, i) => {
      // The newest one comes later.
      if (item && i < hashes.length) this.link(i + 1, hashes[i] as number);
    });
  }

  private squeeze(): void {
    this.items = this.items.filter((item) => item !== undefined);
    this.seqs = (this.items as Entry[]).map((item) => item.seq);
    this.holes = 0;
    this.rebuild();
  }

  /** After the places have shifted. */
  private rebuild(): void {
    this.version++;
    const { items } = this;
    let slots = FIRST_SLOTS;
    while (slots < items.length * SPARSENESS) slots *= 2;
    this.slots = new Int32Array(slots);
    this.hashes = new Int32Array(slots / SPARSENESS);
    items.forEach((item, i) => {
      if (!item) return;
      const hash = hashOf(item.id);
      this.hashes[i] = hash;
      this.link(i + 1, hash);
    });
  }
}

/** FNV-1 (Fowler, Noll and Vo), and a last step that lets all bits count for the lowest ones. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash, 0x01000193) ^ id.charCodeAt(i);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
