/**
 * What a file that the view did not write means: the rules of the folders, without any doing.
 *
 * @module
 */
import type { Job, JobPatch, JobStatus } from '@leviathan/core';
import { isOpen, whyNot, wishOf } from './hand-requests';
import type { ParsedJobFile } from './job-file';
import type { QuarantineReason } from './quarantine';
import { type Difference, differenceOf } from './view-edit';
import type { Found } from './view-look';
import { LATEST_FIRST } from './view-notes';

/** A file that the view did not write, or not so, and that holds a job. */
export interface Doc {
  found: Found;
  parsed: ParsedJobFile;
}

/** All that a decision looks at. */
export interface Scene {
  /** The job as it stands in the store. */
  job: Job | undefined;
  /** Where the view had written the job's file. */
  noted: JobStatus | undefined;
  /** The file that the view had written stands where it was, unchanged. */
  intact: boolean;
  docs: Doc[];
}

/** What the store is asked for. */
export type Request =
  | { kind: 'retry' /** Made to the retried job. */; patch?: JobPatch }
  | { kind: 'cancel' }
  | { kind: 'remove' }
  | { kind: 'edit'; patch: JobPatch }
  | { kind: 'adopt'; doc: Doc };

/** What to do, in this order. */
export interface Decision {
  quarantine: { found: Found; reason: QuarantineReason }[];
  discard: Found[];
  /** The file that is the view's from now on, to be overwritten or removed as any other of its files. */
  accept?: Found;
  /** Said to the person without keeping the file: it holds nothing of theirs. */
  remark?: { found: Found; reason: QuarantineReason };
  request?: Request;
  /** When the request is refused, the accepted file is kept in quarantine: it holds something of the person's. */
  keepRefused?: boolean;
}

/** The rules, in the order of the cases. */
export function decide(scene: Scene): Decision {
  const { job, docs } = scene;
  if (!job) return scene.noted === undefined ? adopt(docs) : quarantineAll(docs, REMOVED);
  if (scene.intact) return { ...nothing(), ...losers(docs, job) };
  const main = mainOf(docs, job.status);
  if (!main) return vanished(scene.noted, job.status);
  const rest = losers(
    docs.filter((doc) => doc !== main),
    main.parsed.job,
  );
  const decision = main.found.folder === job.status ? inPlace(main, job, scene) : moved(main, job, scene);
  return {
    ...decision,
    quarantine: [...decision.quarantine, ...rest.quarantine],
    discard: [...decision.discard, ...rest.discard],
  };
}

const REMOVED: QuarantineReason = {
  code: 'REMOVED',
  message: 'The job was removed from the store meanwhile. To add it again, move this file to inbox/.',
};

function nothing(): Decision {
  return { quarantine: [], discard: [] };
}

/** Jobs that nobody knows: copied from a backup or checked out from git, or written by hand. */
function adopt(docs: Doc[]): Decision {
  const main = mainOf(docs, undefined);
  if (!main) return nothing();
  const rest = losers(
    docs.filter((doc) => doc !== main),
    main.parsed.job,
  );
  return { ...rest, accept: main.found, request: { kind: 'adopt', doc: main }, keepRefused: true };
}

/** Of several files the one with the highest `rev`; among equals the one in the job's own folder, or the latest state. */
function mainOf(docs: Doc[], status: JobStatus | undefined): Doc | undefined {
  const rank = (doc: Doc): number => (doc.found.folder === status ? -1 : LATEST_FIRST.indexOf(doc.found.folder));
  return [...docs].sort((a, b) => revOf(b) - revOf(a) || rank(a) - rank(b))[0];
}

function revOf(doc: Doc): number {
  return doc.parsed.job.rev;
}

/** Files besides the one that counts: what they hold is older, the same, or a person's. */
function losers(docs: Doc[], winner: Job): Pick<Decision, 'quarantine' | 'discard'> {
  const result: Pick<Decision, 'quarantine' | 'discard'> = { quarantine: [], discard: [] };
  for (const doc of docs) {
    const older = doc.parsed.raw.rev !== undefined && revOf(doc) < winner.rev;
    if (older || (revOf(doc) === winner.rev && isEqual(differenceOf(doc.parsed, winner))))
      result.discard.push(doc.found);
    else result.quarantine.push({ found: doc.found, reason: DUPLICATE });
  }
  return result;
}

const DUPLICATE: QuarantineReason = {
  code: 'DUPLICATE',
  message: 'Another file of the same job counts, and this one says something else. Change that file instead.',
};

function quarantineAll(docs: Doc[], reason: QuarantineReason): Decision {
  return { ...nothing(), quarantine: docs.map(({ found }) => ({ found, reason })) };
}

/** The file is nowhere any more. */
function vanished(noted: JobStatus | undefined, status: JobStatus): Decision {
  if (noted === 'pending' && (status === 'pending' || status === 'active')) {
    return { ...nothing(), request: { kind: 'cancel' } };
  }
  if ((noted === 'completed' || noted === 'failed') && noted === status) {
    return { ...nothing(), request: { kind: 'remove' } };
  }
  return nothing();
}

function inPlace({ found, parsed }: Doc, job: Job, scene: Scene): Decision {
  const difference = differenceOf(parsed, job);
  const rev = parsed.raw.rev === undefined ? job.rev : parsed.job.rev;
  if (rev > job.rev) return quarantine(found, newer(parsed, job));
  if (rev < job.rev) return outdated(found, difference, scene, parsed, job);
  const sameStatus = parsed.job.status === job.status;
  if (isEqual(difference)) {
    return sameStatus ? { ...nothing(), accept: found } : quarantine(found, foreignFields(['status']));
  }
  if (job.status === 'pending' && sameStatus && difference.patch && difference.others.length === 0) {
    return {
      ...nothing(),
      accept: found,
      request: { kind: 'edit', patch: difference.patch },
      keepRefused: true,
    };
  }
  return quarantine(found, foreignFields([...namesOf(difference), ...(sameStatus ? [] : ['status'])], job.status));
}

function moved({ found, parsed }: Doc, job: Job, scene: Scene): Decision {
  const to = found.folder;
  const difference = differenceOf(parsed, job);
  const rev = parsed.raw.rev === undefined ? job.rev : parsed.job.rev;
  if (rev > job.rev) return quarantine(found, newer(parsed, job));
  const said = parsed.job.status;
  // Its status says its folder, and the store went on since: nobody moved it.
  if (rev < job.rev && said === to) return outdated(found, difference, scene, parsed, job);
  // Nobody moved it either: the store wrote it in a time that a power cut took from the journal.
  if (said === to && difference.others.some((key) => STORE_FIELDS.includes(key))) return quarantine(found, LOST_TIME);
  const from = said === to ? job.status : said;
  const mine = rev < job.rev ? !holdsEdit(difference) : isEqual(difference);
  const wish = wishOf(from, to);
  const open = wish ? isOpen(wish, job.status) : { late: whyNot(from, to) };
  if (typeof open === 'object') {
    const reason = { code: 'NOT_POSSIBLE', message: open.late };
    return mine ? { ...nothing(), accept: found, remark: { found, reason } } : quarantine(found, reason);
  }
  if (wish === 'retry' && open && difference.patch && difference.others.length === 0 && rev === job.rev) {
    return { ...nothing(), accept: found, request: { kind: 'retry', patch: difference.patch }, keepRefused: true };
  }
  const request: Pick<Decision, 'request'> = open && wish ? { request: { kind: wish } } : {};
  if (mine) return { ...nothing(), accept: found, ...request };
  // The wish is clear, the rest of what was changed is not.
  return { ...quarantine(found, foreignFields(namesOf(difference), to)), ...request };
}

/** Left by a crash before the folders had caught up, or put there again by somebody who had an older one. */
function outdated(found: Found, difference: Difference, scene: Scene, parsed: ParsedJobFile, job: Job): Decision {
  const accept = { ...nothing(), accept: found };
  if (scene.noted === undefined || !holdsEdit(difference)) return accept;
  return quarantine(found, {
    code: 'OUTDATED',
    message: `The job has changed since this file was made from it (rev ${parsed.job.rev}, by now ${job.rev}, ${job.status}): nothing was taken from it. Look at the job and change it again if need be.`,
  });
}

function quarantine(found: Found, reason: QuarantineReason): Decision {
  return { ...nothing(), quarantine: [{ found, reason }] };
}

const LOST_TIME: QuarantineReason = {
  code: 'NEWER_THAN_JOURNAL',
  message:
    'The file shows the job as the journal does not know it, and the journal counts: did a power cut take its end?',
};

function newer(parsed: ParsedJobFile, job: Job): QuarantineReason {
  return {
    code: 'NEWER_THAN_JOURNAL',
    message: `The file shows rev ${parsed.job.rev} of the job, the journal ends at rev ${job.rev}. The journal counts: was it restored from an older backup?`,
  };
}

function foreignFields(names: string[], status?: JobStatus): QuarantineReason {
  const editable = 'priority, data, runAt, tags, maxAttempts, timeout and backoff';
  const rule =
    status === undefined || status === 'pending'
      ? `Of a pending job's file ${editable} may be edited`
      : `Only files in pending/ may be edited (${editable})`;
  return { code: 'NOT_EDITABLE', message: `These fields were changed: ${names.join(', ')}. ${rule}.`, details: names };
}

function namesOf({ patch, others }: Difference): string[] {
  return [...Object.keys(patch ?? {}), ...others];
}

/** What the store itself changes as a job goes on. */
const STORE_FIELDS = [
  'metadata',
  'order',
  'attempt',
  'started',
  'finished',
  'worker',
  'cancelling',
  'skipped',
  'children',
  'result',
  'reason',
];

/** Whether an older file may hold an edit: the rest of what differs, the store has changed since. */
function holdsEdit({ patch = {}, others }: Difference): boolean {
  return Object.keys(patch).some((key) => key !== 'runAt') || others.some((key) => !STORE_FIELDS.includes(key));
}

function isEqual({ patch, others }: Difference): boolean {
  return patch === undefined && others.length === 0;
}
