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
  private fresh = new Set<string>();
  private freshSince = 0;

  constructor(private readonly now: () => number) {}

  /** O(1): called for each record of the store. Returns whether it is the first id since {@link DirtyIds.rotate}. */
  add(id: string): boolean {
    this.fresh.add(id);
    if (this.fresh.size !== 1) return false;
    this.freshSince = this.now();
    return true;
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
    if (--oldest.left === 0) this.generations.shift();
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
