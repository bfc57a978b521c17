/**
 * What the owner of a store looks at when it is asked for its health.
 *
 * @module
 */
import type { HealthCheck } from '@leviathan/core';
import type { Files } from './files';

/** Folders that are so far (ms) behind need attention. */
const LONG_LAG = 5_000;

const MIB = 1024 * 1024;

/** @param problem Why it cannot be written now. @param losses Places at which it was damaged when it was opened */
export function checkJournal(isBroken: boolean, problem: string | undefined, losses: number): HealthCheck {
  const facts = { damagedPlaces: losses };
  const damage = `The journal was damaged when it was opened (${losses} places): run leviathan doctor.`;
  const problems = [...(problem !== undefined ? [problem] : []), ...(losses > 0 ? [damage] : [])];
  if (problems.length === 0)
    return { name: 'journal', status: 'ok', message: 'The journal takes what is written.', facts };
  return { name: 'journal', status: isBroken ? 'failed' : 'degraded', message: problems.join(' '), facts };
}

/** @param lagMs For how long the oldest change has not been shown. @param dirty Files that are to be written */
export function checkFolders(lagMs: number, dirty: number): HealthCheck {
  const facts = { lagMs: Math.round(lagMs), dirtyFiles: dirty };
  if (lagMs > LONG_LAG) {
    const message = `The folders lag ${Math.round(lagMs / 1000)} s behind.`;
    return { name: 'folders', status: 'degraded', message, facts };
  }
  return { name: 'folders', status: 'ok', message: `The folders follow; ${dirty} files are to be written.`, facts };
}

/** @param low Free bytes that are too few */
export async function checkDisk(files: Files, root: string, low: number): Promise<HealthCheck> {
  let free: number;
  try {
    const { bavail, bsize } = await files.statfs(root);
    free = bavail * bsize;
  } catch (error) {
    // Some file systems cannot tell, and work.
    const reason = error instanceof Error ? error.message : String(error);
    return { name: 'disk', status: 'ok', message: `Its free space is not known: ${reason}` };
  }
  const facts = { freeBytes: free, lowBytes: low };
  const room = `${Math.floor(free / MIB).toLocaleString('en-US')} MiB`;
  if (free < low) return { name: 'disk', status: 'degraded', message: `The disk has only ${room} left.`, facts };
  return { name: 'disk', status: 'ok', message: `${room} are free.`, facts };
}
