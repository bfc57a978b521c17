/**
 * Who keeps the folders: the store's own thread as long as there is little to do, which costs small programs nothing, and a thread of
 * its own from the first time that the folders fall behind.
 *
 * @module
 */
import { FolderKeeper } from './folder-keeper';
import type { Note } from './view-notes';
import { ThreadKeeper } from './view-thread-keeper';
import type { FileCounts, FolderKeeping, KeptFile, Update, UpdateOutcome } from './view-update';

/** How the keepers are made. */
export interface KeeperFactory {
  here(): FolderKeeper;
  /** Left out where there can be no thread. */
  thread?: (notes: [string, Note][], files: FileCounts) => ThreadKeeper;
  /** Another keeper had to begin anew, and found these files. */
  replaced(kept: KeptFile[]): void;
}

/** See the module. */
export class KeeperSwitch implements FolderKeeping {
  private keeper: FolderKeeping;
  /** The one of this thread, as long as it has not been replaced. */
  private here: FolderKeeper | undefined;
  /** Resolves when another keeper has taken over. */
  private switching: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly factory: KeeperFactory) {
    this.here = factory.here();
    this.keeper = this.here;
  }

  get isThreaded(): boolean {
    return this.keeper instanceof ThreadKeeper;
  }

  get batch(): number {
    return this.keeper.batch;
  }

  get files(): FileCounts {
    return this.keeper.files;
  }

  start(): Promise<KeptFile[]> {
    return this.keeper.start();
  }

  /** The folders fall behind: from now on they have a thread of their own, where there can be one. Not before the start is over. */
  promote(): void {
    const { here, switching, stopped } = this;
    const { thread } = this.factory;
    if (!here || !thread || switching || stopped) return;
    this.here = undefined;
    this.follow(this.toThread(here, thread));
  }

  write(updates: Update[]): UpdateOutcome[] | Promise<UpdateOutcome[]> {
    return this.here ? this.keeper.write(updates) : this.writeThere(updates);
  }

  async scan(): Promise<void> {
    await this.unlessItDies(() => this.keeper.scan());
  }

  async idle(): Promise<void> {
    await this.unlessItDies(() => this.keeper.idle());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.unlessItDies(() => this.keeper.stop());
  }

  private follow(change: Promise<void>): void {
    const switching = change.finally(() => {
      if (this.switching === switching) this.switching = undefined;
    });
    this.switching = switching;
  }

  private async toThread(here: FolderKeeper, make: NonNullable<KeeperFactory['thread']>): Promise<void> {
    await here.stop();
    const thread = make(here.takeNotes(), here.files);
    this.keeper = thread;
    void thread.died.then(() => {
      if (!this.stopped) this.follow(this.beginAnew());
    });
    // Finds what was done in between. What is written meanwhile need not wait for it.
    thread.start().catch(() => {});
  }

  /** The thread died, and what it knew is lost: the folders are read again, on this thread, and stay here. */
  private async beginAnew(): Promise<void> {
    const here = this.factory.here();
    const kept = await here.start();
    this.keeper = here;
    this.factory.replaced(kept);
  }

  private async writeThere(updates: Update[]): Promise<UpdateOutcome[]> {
    const outcomes = await this.unlessItDies(() => this.keeper.write(updates));
    return outcomes ?? updates.map(() => 'untried');
  }

  /** What the thread did not answer is void, and undefined. */
  private async unlessItDies<T>(call: () => T | Promise<T>): Promise<T | undefined> {
    await this.switching;
    const { keeper } = this;
    try {
      return await call();
    } catch (error) {
      if (keeper instanceof FolderKeeper) throw error;
      return undefined;
    }
  }
}
