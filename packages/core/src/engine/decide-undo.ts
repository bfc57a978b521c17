/** What an undo does to each job that a change touched. */
import type { UndoRequest } from '../trail';
import type { Verdict } from './change-context';
import type { BodySource, Entry } from './entry';
import { headOf } from './entry';
import { dataOf, resultOf } from './job-of';
import type { JobTable } from './job-table';
import type { JobHead, RecordDraft, RestoredHead } from './records';

/** What a change did to a job. */
export interface Touched {
  /** Number of its newest record about the job. */
  seq: number;
  /** How many records of it are about the job. */
  records: number;
  removed: boolean;
  /** It replaced the data. */
  hasBody: boolean;
  /** It did nothing to this job itself, which failed because it lost this one. */
  cause?: string;
  /** The dead letter that its failure left. */
  letter?: { id: string; seq: number };
}

/** What a decision may look at: the jobs as they are, and as they were before the change. */
export interface UndoContext {
  table: JobTable;
  bodies: BodySource;
  before: JobTable;
  bodiesBefore: BodySource;
  touched: ReadonlyMap<string, Touched>;
}

/** Decides job by job. Two jobs that held the same key one after the other cannot both have it: the first one takes it. */
export function undoVerdicts(context: UndoContext, { by }: UndoRequest): (id: string) => Verdict {
  const who = by === undefined ? {} : { by };
  const keys = new Map<string, string>();
  const holderOf = (was: Entry): string | undefined => {
    const key = was.extra?.key;
    if (key === undefined || was.status !== 'pending') return undefined;
    const holder = keys.get(key) ?? context.table.keys.get(key)?.id;
    if (holder === undefined || holder === was.id) keys.set(key, was.id);
    return holder === was.id ? undefined : holder;
  };
  const back = new Set<string>();
  const verdictOf = (id: string): Verdict => {
    const touched = context.touched.get(id) as Touched;
    const now = context.table.entries.get(id);
    const was = context.before.entries.get(id);
    if (touched.removed ? now !== undefined : now?.lastSeq !== touched.seq) return movedOn(now, touched.removed);
    // Somebody else changed it while the change was being made.
    if (now && was && now.rev !== was.rev + touched.records) return movedOn(now, false);
    if (now?.status === 'active') return { skip: 'active', message: 'it runs, and was told to stop' };
    if (!was) return [{ op: 'remove', id, why: 'removed', ...who }];
    const holder = holderOf(was);
    if (holder !== undefined) return { skip: now?.status ?? 'removed', message: `its key is held by ${holder}` };
    if (touched.cause !== undefined && !back.has(touched.cause))
      return { skip: now?.status ?? 'removed', message: `it failed with ${touched.cause}, which does not come back` };
    return now
      ? [restored(context, now, was, touched, who), ...withoutLetter(context, touched, who)]
      : [addedAgain(context, was, who)];
  };
  return (id) => {
    const verdict = verdictOf(id);
    if (Array.isArray(verdict)) back.add(id);
    return verdict;
  };
}

/** A job that has not failed leaves no letter; one that somebody works on stays. */
function withoutLetter({ table }: UndoContext, { letter }: Touched, who: object): RecordDraft[] {
  const entry = letter && table.entries.get(letter.id);
  if (!entry || entry.lastSeq !== letter.seq) return [];
  return [{ op: 'remove', id: letter.id, why: 'removed', ...who }];
}

function movedOn(now: Entry | undefined, wasRemoved: boolean): Verdict {
  if (!now) return { skip: 'not-found', message: 'there is no such job any more' };
  return { skip: now.status, message: wasRemoved ? 'another job has its id by now' : 'it changed since' };
}

function restored(context: UndoContext, now: Entry, was: Entry, { hasBody }: Touched, who: object): RecordDraft {
  const body = hasBody ? dataOf(was, context.bodiesBefore) : '';
  const isSame = body === '' || body === dataOf(now, context.bodies);
  return { op: 'restore', id: now.id, job: restoredHead(was, now), body: isSame ? '' : body, ...who };
}

function restoredHead(was: Entry, now: Entry): RestoredHead {
  const { status, priority, order, maxAttempts, runAt, attempt, retries, extra, run } = was;
  const head: RestoredHead = { status: status as RestoredHead['status'], priority, order, maxAttempts };
  if (runAt !== 0) head.runAt = runAt;
  if (extra?.expiresAt !== undefined) head.expiresAt = extra.expiresAt;
  if (extra?.agedAt !== undefined) head.agedAt = extra.agedAt;
  if (extra?.timeout !== undefined) head.timeout = extra.timeout;
  if (extra?.backoff) head.backoff = extra.backoff;
  if (extra?.tags) head.tags = extra.tags;
  if (attempt !== 0) head.attempt = attempt;
  if (retries !== 0) head.retries = retries;
  if (run?.finished !== undefined) head.finished = run.finished;
  if (run?.reason) head.reason = run.reason;
  if (run?.crashes) head.crashes = run.crashes;
  if (run?.retryUntil !== undefined) head.retryUntil = run.retryUntil;
  if (run?.held) head.held = true;
  // A change itself adds none, but a failure that it brought about did.
  const errors = run?.errors ?? [];
  if (JSON.stringify(errors) !== JSON.stringify(now.run?.errors ?? [])) head.errors = errors;
  return head;
}

/** Its place in the queue is the old one; what it waits for is found anew, also for when it failed and somebody retries it. */
function addedAgain({ bodiesBefore, table }: UndoContext, was: Entry, who: object): RecordDraft {
  const { waitingFor = [], parentFailed: _anew, ...head } = headOf(was);
  const job: JobHead = { ...head, order: was.order, rev: was.rev + 1 };
  const unfinished = waitingFor.filter((id) => (table.entries.get(id)?.status ?? 'completed') !== 'completed');
  if (was.status === 'failed' && unfinished.length > 0) job.waitingFor = unfinished;
  const result = resultOf(was, bodiesBefore);
  return { op: 'add', job, body: dataOf(was, bodiesBefore), ...(result !== undefined && { result }), ...who };
}
