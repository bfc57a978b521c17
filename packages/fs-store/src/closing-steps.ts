/** The end of a store, step by step. */
import { asWriteError } from './journal';

/**
 * The end goes through all its steps, whatever goes wrong in one: a folder that is watched on, or a lock that is kept, would trouble the
 * next owner.
 */
export class ClosingSteps {
  private readonly failed: unknown[] = [];

  constructor(private readonly onError: (error: unknown) => void) {}

  /** Whoever closes must know when it fails: what was held or acknowledged is not on disk. */
  async thrown(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.failed.push(asWriteError('The store cannot be closed in order', error));
    }
  }

  /** A failure is told to whoever listens. */
  async told(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.onError(error);
    }
  }

  /** @throws StoreWriteError, the first that a step threw */
  end(): void {
    if (this.failed.length > 0) throw this.failed[0];
  }
}
