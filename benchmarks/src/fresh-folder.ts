/**
 * A folder for each measurement, in a part of the disk that no earlier one has worn.
 *
 * ext4 gives no inode out again for a minute or more after its file was deleted, and looks at each such inode before it passes it over: where
 * many files were deleted, to create one takes a millisecond instead of 16 µs. Folders in one folder share their inodes. So whatever
 * deletes many files (an engine, its clean-up, another program in the same temporary folder) would slow down the engine that is measured
 * next.
 */
import { execFile } from 'node:child_process';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { now } from './now';
import { summarise } from './stats';

const run = promisify(execFile);

const TRIES = 8;
const SAMPLES = 50;

/** Makes folders below one of its own. */
export class FreshFolders {
  /** The least time that a file took to create in any folder of this run (ms). */
  #best = Number.POSITIVE_INFINITY;

  private constructor(private readonly base: string) {}

  static async below(folder: string): Promise<FreshFolders> {
    const base = await mkdtemp(join(folder, 'lev-bench-'));
    // A server under another account has to get through; it needs to see nothing.
    await chmod(base, 0o711);
    // "Top of a hierarchy": ext4 spreads the folders in it over the disk. Other file systems do not know the flag, and need it less.
    await run('chattr', ['+T', base]).catch(() => {});
    return new FreshFolders(base);
  }

  /** A new, empty folder in which files are created as fast as anywhere. */
  async make(): Promise<string> {
    let made: { folder: string; cost: number } | undefined;
    for (let i = 0; i < TRIES; i++) {
      const folder = await mkdtemp(join(this.base, 't-'));
      const cost = costOfCreating(folder);
      const isFirst = this.#best === Number.POSITIVE_INFINITY;
      this.#best = Math.min(this.#best, cost);
      if (made !== undefined) await rm(cost < made.cost ? made.folder : folder, { recursive: true });
      if (made === undefined || cost < made.cost) made = { folder, cost };
      // The first one has nothing to be compared with: another one is.
      if (!isFirst && made.cost <= 2 * this.#best) break;
    }
    return (made as { folder: string }).folder;
  }

  async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Removes everything. */
  async removeAll(): Promise<void> {
    await rm(this.base, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Milliseconds that it takes to create a file here. */
function costOfCreating(folder: string): number {
  const costs: number[] = [];
  const paths = Array.from({ length: SAMPLES }, (_, i) => join(folder, `probe-${i}`));
  for (const path of paths) {
    const start = now();
    closeSync(openSync(path, 'wx'));
    costs.push(now() - start);
  }
  for (const path of paths) unlinkSync(path);
  return summarise(costs).median;
}
