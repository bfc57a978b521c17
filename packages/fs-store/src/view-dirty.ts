/** The jobs whose files are behind, oldest first. */

/** A job that can be asked whether it is among them already. */
export interface Behind {
  isBehind: boolean;
}

interface Generation {
  since: number;
  ids: string[];
  /** How many were taken out. */
  taken: number;
}

/** See the file. */
export class DirtyJobs {
  /** How many there ever were. */
  added = 0;
  private readonly generations: Generation[] = [];
  private emptied = 0;
  private fresh: string[] = [];
  private freshSince = 0;

  constructor(private readonly now: () => number) {}

  /**
   * O(1): called for each record of the store. A job that is marked stays where it is; one that has left the store cannot be marked, and
   * may be there twice. Returns whether it is the first since {@link DirtyJobs.rotate}.
   */
  add(id: string, job: Behind | undefined): boolean {
    if (job) {
      if (job.isBehind) return false;
      job.isBehind = true;
    }
    const isFirst = this.fresh.length === 0;
    if (isFirst) this.freshSince = this.now();
    this.fresh.push(id);
    this.added++;
    return isFirst;
  }

  /** How many generations there were: what is older than {@link DirtyJobs.oldest} has been taken out. */
  get count(): number {
    return this.emptied + this.generations.length;
  }

  /** Number of the generation that is being taken out. */
  get oldest(): number {
    return this.emptied;
  }

  /** Begins a new generation: what was added so far is taken first. */
  rotate(): void {
    if (this.fresh.length === 0) return;
    this.generations.push({ since: this.freshSince, ids: this.fresh, taken: 0 });
    this.fresh = [];
  }

  /** Takes out the oldest that was there at the last rotation. Whoever asks takes the mark off its job. */
  take(): string | undefined {
    const oldest = this.generations[0];
    if (!oldest) return undefined;
    const id = oldest.ids[oldest.taken++];
    if (oldest.taken === oldest.ids.length) {
      this.generations.shift();
      this.emptied++;
    }
    return id;
  }

  get size(): number {
    return this.generations.reduce((sum, { ids, taken }) => sum + ids.length - taken, this.fresh.length);
  }

  /** Milliseconds that the oldest has waited. */
  get age(): number {
    const oldest = this.generations[0];
    if (oldest) return this.now() - oldest.since;
    return this.fresh.length > 0 ? this.now() - this.freshSince : 0;
  }
}
