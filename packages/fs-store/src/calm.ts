/**
 * Waits for a calm moment: work that can be done at any time must not take the processor from jobs.
 *
 * @module
 */

/** Bytes of journal per millisecond from which on there is better to do: some thousand jobs a second. */
const BUSY = 2_000;
/** The load is looked at this often (ms). */
const LOOK_MS = 100;

/** See the module. */
export class Calm {
  private since = 0;
  private before = 0;
  private isBusy = false;

  /**
   * @param written Bytes of journal, ever.
   * @param isUrgent Whether the work has waited for too long already.
   */
  constructor(
    private readonly written: () => number,
    private readonly isUrgent: () => boolean,
  ) {}

  /** Resolves at once while there is little to do, and in the next calm moment otherwise. */
  async wait(): Promise<void> {
    this.look();
    while (this.isBusy && !this.isUrgent()) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref());
      this.look();
    }
  }

  private look(): void {
    // Real time: it is about the processor.
    const now = performance.now();
    const elapsed = now - this.since;
    if (elapsed < LOOK_MS) return;
    const written = this.written();
    this.isBusy = this.since > 0 && (written - this.before) / elapsed > BUSY;
    this.since = now;
    this.before = written;
  }
}
