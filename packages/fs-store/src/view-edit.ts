/** What a person changed in a job's file. */
import { isDeepStrictEqual } from 'node:util';
import { JOB_KEYS, type Job, type JobPatch, type Json } from '@leviathan/core';
import { type ParsedJobFile, serialiseJob } from './job-file';

/** See {@link differenceOf}. */
export interface Difference {
  /** What may be edited by hand and was; `undefined`: nothing. */
  patch: JobPatch | undefined;
  /** Other fields that differ. */
  others: string[];
}

const EDITABLE: ReadonlySet<string> = new Set([
  'data',
  'priority',
  'runAt',
  'expiresAt',
  'tags',
  'maxAttempts',
  'timeout',
  'backoff',
]);
/** Told by the folder, or of no account. */
const IGNORED: ReadonlySet<string> = new Set(['id', 'status', 'rev', 'updated']);

/** Compares a file with the job as it stands. Fields that were left out are no difference, unless leaving them out means something. */
export function differenceOf({ raw, spec, job: theirs }: ParsedJobFile, job: Job): Difference {
  const ours = JSON.parse(serialiseJob(job)) as Job;
  const patch: JobPatch = {};
  if (!isDeepStrictEqual(raw.data, ours.data)) patch.data = raw.data as Json;
  if (raw.priority !== undefined && theirs.priority !== ours.priority) patch.priority = theirs.priority;
  if (raw.maxAttempts !== undefined && theirs.maxAttempts !== ours.maxAttempts) patch.maxAttempts = theirs.maxAttempts;
  // Only who had the whole record before him took something out of it.
  const isWhole = raw.rev !== undefined;
  const differs = (key: 'runAt' | 'expiresAt' | 'timeout' | 'backoff' | 'tags'): boolean =>
    (isWhole || raw[key] !== undefined) && !isDeepStrictEqual(theirs[key], ours[key]);
  if (differs('runAt')) patch.runAt = spec.runAt ?? null;
  if (differs('expiresAt')) patch.expiresAt = spec.expiresAt ?? null;
  if (differs('timeout')) patch.timeout = theirs.timeout ?? null;
  if (differs('backoff')) patch.backoff = theirs.backoff ?? null;
  if (differs('tags')) patch.tags = theirs.tags ?? [];
  return { patch: Object.keys(patch).length > 0 ? patch : undefined, others: othersOf(raw, theirs, ours) };
}

function othersOf(raw: Record<string, Json>, theirs: Job, ours: Job): string[] {
  return JOB_KEYS.filter((key) => {
    if (EDITABLE.has(key) || IGNORED.has(key) || raw[key] === undefined) return false;
    // Progress goes on between two writes of the file.
    if (key === 'metadata' && ours.status === 'active') return false;
    return !isDeepStrictEqual(theirs[key], ours[key]);
  });
}
