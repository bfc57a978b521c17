/**
 * One watched folder. Its events are hints: systems drop them (an overflow on Linux is not even told), so whoever listens scans the
 * folder now and then as well. A watcher per folder, never one per file: those are limited, and a queue has many files.
 *
 * @module
 */
import { basename } from 'node:path';
import type { Files, FolderWatch } from './files';

/** Who wants to know. */
export interface FolderListener {
  /** Something about this name may have changed. */
  hint(name: string): void;
  /** Anything in the folder may have changed. */
  lost(): void;
  /** The watcher died, or could not be made. {@link FolderWatcher.check} tries again. */
  error(error: unknown): void;
}

/** See the module. */
export class FolderWatcher {
  private watch: FolderWatch | undefined;
  private identity: string | undefined;

  constructor(
    private readonly files: Files,
    readonly path: string,
    private readonly listener: FolderListener,
  ) {}

  /** Whether events come. While they do not, only scans tell what happens. */
  get isAlive(): boolean {
    return this.watch !== undefined;
  }

  /**
   * Watches the folder that stands there now, if that is not being done already. False: it is another folder than at the last check, or
   * there is none, so what is missing in it was not removed by hand.
   */
  check(): boolean {
    const identity = this.look();
    const isSame = identity !== undefined && (this.identity === undefined || this.identity === identity);
    if (!isSame) this.close();
    this.identity = identity;
    if (identity !== undefined && !this.watch) this.open();
    return isSame;
  }

  /** Whether the folder of the last check still stands there. */
  get stands(): boolean {
    const identity = this.look();
    return identity !== undefined && identity === this.identity;
  }

  close(): void {
    this.watch?.close();
    this.watch = undefined;
  }

  /** A number of a removed folder may be given to the next one at once, so the time of birth counts as well. */
  private look(): string | undefined {
    try {
      const stat = this.files.lstatIfAnySync(this.path);
      return stat?.isDirectory() ? `${stat.ino}:${stat.birthtimeMs}` : undefined;
    } catch {
      return undefined; // Told by whoever needs the folder.
    }
  }

  private open(): void {
    try {
      const watch = this.files.watch(this.path, {
        change: (name) => this.changed(name),
        error: (error) => {
          if (this.watch !== watch) return;
          this.close();
          this.listener.error(error);
          this.listener.lost();
        },
      });
      this.watch = watch;
    } catch (error) {
      this.listener.error(error);
    }
  }

  private changed(name: string | null): void {
    // Linux names the folder itself when it was moved or removed.
    if (name === null || name === basename(this.path)) this.listener.lost();
    else this.listener.hint(name);
  }
}
