/** Reads the files of one job that the view did not write. */
import type { Clock, JobStatus } from '@leviathan/core';
import { type BodySource, type JobTable, jobOf } from '@leviathan/core/engine';
import type { ErrorDesk } from './error-desk';
import type { Files } from './files';
import type { HandRequests } from './hand-requests';
import { mayBecomeWhole, serialiseJob } from './job-file';
import type { Layout } from './layout';
import type { Quarantine, QuarantineReason } from './quarantine';
import type { Doc } from './view-decide';
import { type Found, parseFound, readFound } from './view-look';
import type { Notes } from './view-notes';

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
  table: JobTable;
  bodies: BodySource;
  notes: Notes;
  clock: Clock;
  requests: HandRequests;
  quarantine: Quarantine;
  errors: ErrorDesk;
  /** Ids that the journal knows as removed: files of theirs are leftovers. */
  tombstones: ReadonlySet<string>;
  /** Called for each id whose examination is over. */
  done: (id: string) => void;
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
  foreign: readonly Found[],
  { intact, stillFor }: { intact: boolean; stillFor: (ms: number) => number },
): Reading {
  const { files, table, clock } = scope;
  const docs: Doc[] = [];
  const limit = Math.max(MAX_FILE_BYTES, MAX_GROWTH * (table.entries.get(id)?.size ?? 0));
  let wait = 0;
  for (const found of foreign) {
    if (!found.isFile) return { reject: found, reason: NOT_A_FILE };
    const content = readFound(files, found, limit);
    if (content === 'gone') return { docs: 'gone' };
    if ('fault' in content) return { reject: found, reason: content.fault };
    if (foreign.length === 1 && !intact && isCurrent(scope, id, found, content.text)) return { current: true };
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

/** The common case at the start: compared as a text, without parsing. */
function isCurrent({ table, bodies, notes }: ExaminerScope, id: string, found: Found, text: string): boolean {
  const entry = table.entries.get(id);
  if (entry?.status !== found.folder || text !== serialiseJob(jobOf(entry, bodies))) return false;
  notes.set(id, found, found.folder, entry.lastSeq);
  return true;
}

const NOT_A_FILE: QuarantineReason = {
  code: 'NOT_A_FILE',
  message: 'This is a folder, a link or something else in the place of a job file. The store follows no links.',
};
