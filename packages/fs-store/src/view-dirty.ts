/** The ids whose files are behind, oldest first. */

interface Generation {
  since: number;
  left: number;
  /** One iterator for all: a new one would step over all that was taken out before, each time. */
  ids: IterableIterator<string>;
}

/** See the file. */
export class DirtyIds {
  private readonly generations: Generation[] = [];
  private taken = 0;
  private fresh = new Set<string>();
  private freshSince = 0;

  constructor(private readonly now: () => number) {}

  /** O(1): called for each record of the store. Returns whether it is the first id since {@link DirtyIds.rotate}. */
  add(id: string): boolean {
    const isFirst = this.fresh.size === 0;
    if (isFirst) this.freshSince = this.now();
    this.fresh.add(id);
    return isFirst;
  }

  /** How many generations there were: what is older than {@link DirtyIds.oldest} has been taken out. */
  get count(): number {
    return this.taken + this.generations.length;
  }

  /** Number of the generation that is being taken out. */
  get oldest(): number {
    return this.taken;
  }

  /** Begins a new generation: what was added so far is taken first, each id once. */
  rotate(): void {
    if (this.fresh.size === 0) return;
    this.generations.push({ since: this.freshSince, left: this.fresh.size, ids: this.fresh.values() });
    this.fresh = new Set();
  }

  /** Takes out the oldest id that was there at the last rotation. */
  take(): string | undefined {
    const oldest = this.generations[0];
    if (!oldest) return undefined;
    if (--oldest.left === 0) {
      this.generations.shift();
      this.taken++;
    }
    return oldest.ids.next().value;
  }

  /** Ids in all; one that changed again while it waited may count twice. */
  get size(): number {
    return this.generations.reduce((sum, { left }) => sum + left, this.fresh.size);
  }

  /** Milliseconds that the oldest has waited. */
  get age(): number {
    const oldest = this.generations[0];
    if (oldest) return this.now() - oldest.since;
    return this.fresh.size > 0 ? this.now() - this.freshSince : 0;
  }
}
