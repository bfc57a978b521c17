/**
 * A file of a megabyte that holds the place for what must still be written when the disk is full: outcomes of finished jobs.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { discard, openTemporary, renameBusy, writeAll } from './atomic';
import { errorCode, type Files } from './files';

const SIZE = 1 << 20;
const PIECE = 1 << 16;

/** Gives the place free. `false`: it was given away before, or cannot be removed. */
export function releaseReserve(files: Files, dir: string): boolean {
  try {
    files.unlinkSync(join(dir, 'reserve'));
    return true;
  } catch {
    return false;
  }
}

/** Makes sure of the file. `false`: there is no room now, and nothing was left behind. */
export async function rebuildReserve(files: Files, dir: string): Promise<boolean> {
  const path = join(dir, 'reserve');
  if (sizeOf(files, path) >= SIZE) return true;
  const temporary = openTemporary(files, path);
  try {
    try {
      // Noise: a file system that compresses would otherwise reserve nothing at all.
      for (let left = SIZE; left > 0; left -= PIECE) await writeAll(files, temporary.fd, randomBytes(PIECE));
      // Some file systems find out only now whether there was room.
      await files.fsync(temporary.fd);
    } finally {
      files.closeSync(temporary.fd);
    }
    await renameBusy(files, temporary.path, path);
    return true;
  } catch (error) {
    discard(files, temporary.path);
    if (isFull(error)) return false;
    throw error;
  }
}

/** Whether an error says that the disk, or the user's share of it, is full. */
export function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function sizeOf(files: Files, path: string): number {
  try {
    return files.lstatSync(path).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
