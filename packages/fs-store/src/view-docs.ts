/** Reads the files of one job that the view did not write. */
import type { Clock, JobStatus } from '@leviathan/core';
import type { ErrorDesk } from './error-desk';
import type { Files } from './files';
import { fileTextOf, mayBecomeWhole } from './job-file';
import type { Layout } from './layout';
import type { Quarantine, QuarantineReason } from './quarantine';
import type { Doc } from './view-decide';
import { type Found, parseFound, readFound } from './view-look';
import type { Notes } from './view-notes';
import type { FolderHost, JobLook } from './view-update';

/** A file that is not whole gets this long (ms) since its last change. */
export const TORN_MS = 2_000;
/** Largest file that is read for a job of unknown size. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Bytes of a file per character of its job's data and result: deep lists grow most by the two spaces per level. */
const MAX_GROWTH = 32;

/** What an examination works with. */
export interface ExaminerScope {
  layout: Layout;
  files: Files;
  notes: Notes;
  clock: Clock;
  host: FolderHost;
  quarantine: Quarantine;
  errors: ErrorDesk;
  /** Folders in whose place something else stands. */
  unusable: ReadonlySet<JobStatus>;
  /** Whether the folder is the one that the view wrote into. */
  folderStands: (folder: JobStatus) => boolean;
}

/** What the files turned out to be. */
export type Reading =
  | { docs: Doc[] | 'gone' }
  /** The one file shows just what the view would write; it is noted. */
  | { current: true }
  /** Look again in so many milliseconds: a writer may not be done. */
  | { wait: number }
  | { reject: Found; reason: QuarantineReason };

/** Stops at the first file that is none of a job. */
export function readDocs(
  scope: ExaminerScope,
  id: string,
  job: JobLook,
  foreign: readonly Found[],
  { intact, stillFor }: { intact: boolean; stillFor: (ms: number) => number },
): Reading {
  const { files, clock } = scope;
  const docs: Doc[] = [];
  const limit = Math.max(MAX_FILE_BYTES, MAX_GROWTH * (job.known ? job.size : 0));
  let wait = 0;
  for (const found of foreign) {
    if (!found.isFile) return { reject: found, reason: NOT_A_FILE };
    const content = readFound(files, found, limit);
    if (content === 'gone') return { docs: 'gone' };
    if ('fault' in content) return { reject: found, reason: content.fault };
    if (foreign.length === 1 && !intact && isCurrent(scope, id, job, found, content.text)) return { current: true };
    const verdict = parseFound(content.text, id, found);
    if ('parsed' in verdict) {
      docs.push({ found, parsed: verdict.parsed });
      continue;
    }
    // One that was torn long ago stays so.
    const mayGrow = mayBecomeWhole(verdict.fault) && clock.now() - found.mtimeMs < TORN_MS;
    wait = mayGrow ? stillFor(TORN_MS) : 0;
    if (wait === 0) return { reject: found, reason: verdict.fault };
  }
  return wait > 0 ? { wait } : { docs };
}

/** The common case at the start: compared as a text, without looking into it. */
function isCurrent({ notes }: ExaminerScope, id: string, job: JobLook, found: Found, text: string): boolean {
  if (!job.known || job.status !== found.folder || text !== fileTextOf(job.text)) return false;
  notes.set(id, found, found.folder, job.version);
  return true;
}

const NOT_A_FILE: QuarantineReason = {
  code: 'NOT_A_FILE',
  message: 'This is a folder, a link or something else in the place of a job file. The store follows no links.',
};
