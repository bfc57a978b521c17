/** Looks at what stands in the folders, without following links and without waiting for anybody. */
import { JOB_STATUSES, type JobStatus, LeviathanError } from '@leviathan/core';
import { errorCode, type Files } from './files';
import { type FileFault, type FileVerdict, parseJobFile } from './job-file';
import type { Layout } from './layout';
import { readTextFile } from './read-text';
import type { Stamp } from './stillness';

/** Something that has the name of a job's file. */
export interface Found extends Stamp {
  folder: JobStatus;
  path: string;
  /** False: a folder, a link, a pipe. */
  isFile: boolean;
}

/** What stands at a path; `undefined`: nothing. */
export function lookAt(files: Files, path: string): (Stamp & { isFile: boolean }) | undefined {
  const stat = files.lstatIfAnySync(path);
  return stat && { ino: stat.ino, mtimeMs: stat.mtimeMs, size: stat.size, isFile: stat.isFile() };
}

/**
 * Every file of a job, in all four folders: within one turn, so that nothing of the view's own moves in between.
 * @param unusable Folders in whose place something else stands, a link perhaps: nothing behind it is a job's file.
 */
export function lookFor(files: Files, layout: Layout, id: string, unusable: ReadonlySet<JobStatus>): Found[] {
  const found: Found[] = [];
  for (const folder of JOB_STATUSES) {
    if (unusable.has(folder)) continue;
    const path = layout.jobFile(folder, id);
    const stamp = lookAt(files, path);
    if (stamp) found.push({ folder, path, ...stamp });
  }
  return found;
}

/** Reads what was found; `gone` when it went away meanwhile. The text comes along for a comparison without parsing. */
export function readFound(
  files: Files,
  { path }: Found,
  limit: number,
): { text: string } | { fault: FileFault } | 'gone' {
  try {
    return { text: readTextFile(files, path, limit) };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    if (error instanceof LeviathanError) return { fault: { code: 'TOO_LARGE', message: error.message } };
    throw error;
  }
}

/** Parses a text that was found. */
export function parseFound(text: string, id: string, found: Found): FileVerdict {
  return parseJobFile(text, id, Math.round(found.mtimeMs));
}
