/** Temporary files of writers that died before they could rename them. */
import { join } from 'node:path';
import { errorCode, type Files } from './files';
import { kindOfName } from './layout';

/** Removes what other processes left in a folder when they died. @throws what the file system throws */
export function removeLeftovers(files: Files, dir: string): void {
  for (const { name } of files.readdirSync(dir)) {
    const kind = kindOfName(name);
    // Another store of this process may just be about to rename it.
    if (kind.kind === 'temporary' && kind.pid !== process.pid) removeLeftover(files, join(dir, name), kind.pid);
  }
}

/**
 * Removes one such file, unless another process of this pid lives. For folders in which this process writes and renames within one turn:
 * what it finds of itself was left by a dead one that had the same pid.
 */
export function removeLeftover(files: Files, path: string, pid: number): void {
  if (pid !== process.pid && isAlive(pid)) return;
  try {
    files.unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
