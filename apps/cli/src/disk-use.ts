/**
 * How much of the disk a folder takes.
 *
 * @module
 */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Sums over the files below a folder. */
export interface DiskUse {
  /** What the files occupy, which for many small ones is more than their length. */
  bytes: number;
  files: number;
}

/** Adds up a folder; what disappears meanwhile is left out, and a folder that does not exist is empty. */
export async function diskUse(folder: string): Promise<DiskUse> {
  const sum: DiskUse = { bytes: 0, files: 0 };
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        const below = await diskUse(path);
        sum.bytes += below.bytes;
        sum.files += below.files;
      } else {
        const found = await lstat(path).catch(() => undefined);
        if (found === undefined) continue;
        // Windows counts no blocks.
        sum.bytes += found.blocks === undefined ? found.size : found.blocks * 512;
        sum.files += 1;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return sum;
}
