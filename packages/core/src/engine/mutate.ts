/**
 * What each record does to the fields of one job. This is the state machine; `transitions.ts` holds it as a table.
 *
 * @module
 */
import { type JobChildren, type JobError, type JobStep, type Json, MAX_ERRORS, MAX_LOGS } from '../job';
import type { Entry, EntryExtra } from './entry';
import { type EditPatch, MAX_ABSORBED, type RestoredHead, type StoreRecord } from './records';
import type { Run } from './run';
import { isoOf } from './time';

/** Records that change the fields of an existing job. */
export type MutatingRecord = Exclude<
  StoreRecord,
  { op: 'add' | 'remove' | 'refuse' | 'pause' | 'worker' | 'define' | 'fire' }
>;

/** Changes the entry's own fields; index structures are the table's business. */
export function mutate(entry: Entry, record: MutatingRecord): void {
  const run = entry.changed();
  run.lastSeq = record.seq;
  run.updated = record.at;
  run.rev++;
  switch (record.op) {
    case 'start':
      entry.status = 'active';
      entry.runAt = 0;
      start(run, record.seq, record.at, record.worker);
      if (entry.extra?.retryFor !== undefined) run.retryUntil ??= record.at + entry.extra.retryFor;
      return;
    case 'complete':
      entry.status = 'completed';
      run.result = record.body === '' ? undefined : record.body;
      run.setResultPlace();
      entry.size += record.body.length;
      finish(run, record.at, true);
      run.progress = 100;
      return;
    case 'skip':
      entry.status = 'completed';
      entry.runAt = 0;
      finish(run, record.at, true);
      run.skipped = true;
      return;
    case 'retry':
      retry(entry, run, record);
      return;
    case 'fail':
      entry.status = 'failed';
      entry.runAt = 0;
      finish(run, record.at, !(record.crashed || record.taken));
      run.reason = record.reason;
      run.held = undefined;
      if (record.crashed) run.crashes = (run.crashes ?? 0) + 1;
      addError(run, record.error);
      return;
    case 'release':
      entry.status = 'pending';
      entry.runAt = record.runAt ?? 0;
      run.attempt--;
      // Nothing was tried yet.
      if (run.attempt === 0) run.retryUntil = undefined;
      endAttempt(run, record.taken !== true);
      waitAnew(entry, record.at);
      return;
    case 'await':
      entry.status = 'pending';
      run.attempt--;
      endAttempt(run, true);
      addChildren(entry, record);
      waitAnew(entry, record.at);
      return;
    case 'report':
      report(run, record);
      return;
    case 'checkpoint':
      run.checkpoint = JSON.parse(record.body) as Json;
      return;
    case 'step':
      step(run, record);
      return;
    case 'cancel':
      run.cancelling = true;
      return;
    case 'edit':
      edit(entry, record.patch, record.at);
      if (record.patch.held === null) run.held = undefined;
      if (record.absorbs !== undefined) absorb(entry, record.absorbs);
      replaceData(entry, record.body);
      return;
    case 'restore':
      restore(entry, run, record.job);
      replaceData(entry, record.body);
  }
}

function replaceData(entry: Entry, body: string): void {
  if (body === '') return;
  entry.data = body;
  entry.setDataPlace(undefined);
  entry.size = body.length;
}

function start(run: Run, token: number, at: number, worker: string): void {
  run.attempt++;
  run.token = token;
  run.worker = worker;
  run.started = at;
  run.progress = 0;
  run.detail = undefined;
  run.stuck = undefined;
}

/** The attempt is over: its token opens nothing any more. A worker whose attempt was taken back must learn so when it settles late. */
function endAttempt(run: Run, bySettlement: boolean): void {
  if (run.token !== undefined) run.settled = bySettlement ? run.token : undefined;
  run.token = undefined;
  run.cancelling = undefined;
  run.live = undefined;
}

function finish(run: Run, at: number, bySettlement: boolean): void {
  endAttempt(run, bySettlement);
  run.finished = at;
}

function retry(entry: Entry, run: Run, record: Extract<MutatingRecord, { op: 'retry' }>): void {
  entry.status = 'pending';
  entry.runAt = record.runAt ?? 0;
  run.retries++;
  endAttempt(run, record.cause !== 'crashed');
  addError(run, record.error);
  if (record.cause === 'crashed') run.crashes = (run.crashes ?? 0) + 1;
  if (record.held) run.held = true;
  waitAnew(entry, record.at);
  if (record.cause !== 'manual') return;
  run.attempt = 0;
  run.retryUntil = undefined;
  letLive(entry, record.at);
  run.result = undefined;
  run.setResultPlace();
  run.crashes = undefined;
  run.finished = undefined;
  run.reason = undefined;
}

/** What ageing counts from: it had its turn, or somebody said when that is to be. */
function waitAnew(entry: Entry, agedAt: number): void {
  if (entry.extra?.ageing !== undefined) entry.setOptions({ extra: { ...entry.extra, agedAt } });
}

/** Who retries a job by hand wants it, although its time was over. */
function letLive(entry: Entry, now: number): void {
  const { expiresAt, ...extra } = entry.extra ?? {};
  if (expiresAt !== undefined && expiresAt <= now) entry.setOptions({ extra });
}

function report(run: Run, record: Extract<MutatingRecord, { op: 'report' }>): void {
  run.live = undefined;
  if (record.progress !== undefined) run.progress = record.progress;
  if (record.detail !== undefined) run.detail = record.detail;
  if (record.logs) run.logs = [...(run.logs ?? []), ...record.logs].slice(-MAX_LOGS);
  if (record.stuck) run.stuck = true;
}

function step(run: Run, { name, at, body }: Extract<MutatingRecord, { op: 'step' }>): void {
  const done: JobStep = { name, at: isoOf(at) };
  if (body !== '') done.result = JSON.parse(body) as Json;
  run.steps = [...(run.steps ?? []), done];
}

function addChildren(entry: Entry, record: Extract<MutatingRecord, { op: 'await' }>): void {
  const { name, children: ids, onChildFailed } = record;
  const group: JobChildren = onChildFailed === undefined ? { name, ids } : { name, ids, onChildFailed };
  const children = [...(entry.extra?.children ?? []), group];
  entry.setOptions({ extra: { ...entry.extra, children, waitingSince: record.seq } });
}

function addError(run: Run, error: JobError | undefined): void {
  if (error) run.errors = [...(run.errors ?? []), error].slice(-MAX_ERRORS);
}

function absorb(entry: Entry, id: string): void {
  const absorbed = [...(entry.extra?.absorbed ?? []), id].slice(-MAX_ABSORBED);
  entry.setOptions({ extra: { ...entry.extra, absorbed } });
}

function edit(entry: Entry, patch: EditPatch, at: number): void {
  const { priority, order, maxAttempts } = patch;
  if (priority !== undefined) entry.setOptions({ priority });
  if (order !== undefined) entry.setOptions({ order });
  if (maxAttempts !== undefined) entry.setOptions({ maxAttempts });
  if (patch.runAt !== undefined) entry.runAt = patch.runAt ?? 0;
  if (priority !== undefined || patch.runAt !== undefined) waitAnew(entry, patch.agedAt ?? at);
  const { timeout, backoff, expiresAt, tags } = patch;
  if (timeout === undefined && backoff === undefined && expiresAt === undefined && tags === undefined) return;
  const extra: EntryExtra = { ...entry.extra };
  if (timeout === null) delete extra.timeout;
  else if (timeout !== undefined) extra.timeout = timeout;
  if (backoff === null) delete extra.backoff;
  else if (backoff !== undefined) extra.backoff = backoff;
  if (expiresAt === null) delete extra.expiresAt;
  else if (expiresAt !== undefined) extra.expiresAt = expiresAt;
  if (tags) {
    if (tags.length > 0) extra.tags = tags;
    else delete extra.tags;
  }
  entry.setOptions({ extra });
}

/** What it waits for stays: parents may have completed since. */
function restore(entry: Entry, run: Run, was: RestoredHead): void {
  const { priority, order, maxAttempts } = was;
  const extra: EntryExtra = { ...entry.extra };
  for (const field of ['expiresAt', 'agedAt', 'timeout', 'backoff', 'tags'] as const) {
    if (was[field] === undefined) delete extra[field];
    else Object.assign(extra, { [field]: was[field] });
  }
  entry.setOptions({ priority, order, maxAttempts, extra });
  entry.status = was.status;
  entry.runAt = was.runAt ?? 0;
  run.attempt = was.attempt ?? 0;
  run.retries = was.retries ?? 0;
  run.finished = was.finished;
  run.reason = was.reason;
  run.crashes = was.crashes;
  run.retryUntil = was.retryUntil;
  run.held = was.held;
  if (was.errors) run.errors = was.errors.length > 0 ? was.errors : undefined;
}
