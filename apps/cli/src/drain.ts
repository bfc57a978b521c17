/**
 * Tells when a worker's types have nothing left to do.
 *
 * @module
 */
import type { EventKind, JobStore, StoreEvent } from '@leviathan/core';

/** Events after which nothing may be left. */
const MAY_END: ReadonlySet<EventKind> = new Set(['completed', 'failed', 'removed', 'reset']);

/** Watches the counts of some types. */
export class Drain {
  private check: () => void = () => {};
  private closed = false;
  private reading = false;
  private again = false;

  constructor(
    private readonly store: JobStore,
    private readonly types: readonly string[],
  ) {}

  /** Takes in events of these types. */
  apply(events: readonly StoreEvent[]): void {
    if (events.some(({ kind }) => MAY_END.has(kind))) this.check();
  }

  /** Resolves once no job of these types is pending or active. */
  done(): Promise<undefined> {
    return new Promise((resolve, reject) => {
      this.check = () => {
        // One read at a time, and one more after it if something happened meanwhile: jobs may end by the thousand.
        if (this.reading) this.again = true;
        else this.read(() => resolve(undefined), reject);
      };
      this.check();
    });
  }

  close(): void {
    this.closed = true;
  }

  private read(drained: () => void, failed: (error: unknown) => void): void {
    this.reading = true;
    this.again = false;
    this.store
      .counts()
      .then(({ byType }) => {
        this.reading = false;
        const left = this.types.reduce(
          (sum, type) => sum + (byType[type]?.pending ?? 0) + (byType[type]?.active ?? 0),
          0,
        );
        if (left === 0) drained();
        else if (this.again && !this.closed) this.read(drained, failed);
      })
      .catch(failed);
  }
}
