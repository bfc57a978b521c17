/**
 * Jobs that left the store, or their files a folder, while a crash may still bring a file back. A snapshot names them, since the records
 * that tell of them are not replayed any more once it stands: without that a file of a removed job would pass for a job of unknown origin.
 *
 * @module
 */

/** See the module. */
export class Tombstones {
  /** The job was removed, and its file may stand. */
  private readonly standing = new Set<string>();
  /** The file was removed, and the folders were not synced since: a power cut may undo that. */
  private readonly unsynced = new Set<string>();
  private syncing: Promise<void> | undefined;

  /** @param sync Resolves when the entries of the four folders are on the device. */
  constructor(private readonly sync: () => Promise<void>) {}

  /** How many wait for the folders to be synced. */
  get waiting(): number {
    return this.unsynced.size;
  }

  /** The job was removed. */
  add(id: string): void {
    this.standing.add(id);
  }

  /** There is no file of this id any more. */
  unlinked(id: string): void {
    this.standing.delete(id);
    this.unsynced.add(id);
  }

  /** There is a job of this id again. */
  delete(id: string): void {
    this.standing.delete(id);
    this.unsynced.delete(id);
  }

  /** Makes sure of the removals so far; calls at the same time share one sync. @throws what the sync throws: nothing is forgotten then */
  settle(): Promise<void> {
    this.syncing ??= this.syncAll().finally(() => {
      this.syncing = undefined;
    });
    return this.syncing;
  }

  /** All ids. Those that come meanwhile are among them. */
  *ids(): Generator<string> {
    yield* this.standing;
    yield* this.unsynced;
  }

  private async syncAll(): Promise<void> {
    const covered = [...this.unsynced];
    if (covered.length === 0) return;
    await this.sync();
    for (const id of covered) this.unsynced.delete(id);
  }
}
