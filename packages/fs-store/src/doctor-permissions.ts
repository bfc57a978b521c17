/** Files are for their user alone: 0600, folders 0700. */
import { join, relative } from 'node:path';
import type { DoctorFinding } from './doctor-report';
import { errorCode, type Files } from './files';

const OTHERS = 0o077;

/** What others may read or write. Nothing on Windows, which has no such modes. */
export function checkPermissions(files: Files, root: string): DoctorFinding[] {
  return exposed(files, root).map((path) => ({
    code: 'PERMISSIONS',
    severity: 'warn',
    path: relative(root, path) || '.',
    message: 'Other users may read or write it.',
    repair: 'takes their rights away',
  }));
}

/** Takes the rights of others away. */
export function repairPermissions(files: Files, root: string): void {
  for (const path of exposed(files, root)) files.chmodSync(path, files.lstatSync(path).isDirectory() ? 0o700 : 0o600);
}

function exposed(files: Files, root: string): string[] {
  if (files.platform === 'win32') return [];
  const found: string[] = [];
  const look = (path: string, depth: number): void => {
    const stats = files.lstatSync(path);
    if (stats.isSymbolicLink()) return;
    if ((stats.mode & OTHERS) !== 0) found.push(path);
    // The store has no folders below its folders.
    if (!stats.isDirectory() || depth === 2) return;
    for (const { name } of files.readdirSync(path)) {
      try {
        look(join(path, name), depth + 1);
      } catch (error) {
        // A file of a store that is in use may go at any time.
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    }
  };
  look(root, 0);
  return found;
}
