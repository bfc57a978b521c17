/** Which records a settlement, a report or the loss of a worker becomes. */
import { type Issue, type LeviathanError, ValidationError } from '../errors';
import { type JobError, type Json, MAX_LOGS } from '../job';
import type { Report, Settlement } from '../store';
import { type AwaitContext, decideAwait } from './decide-await';
import { type Orphan, policyOf } from './dependencies';
import type { Entry } from './entry';
import type { JobTable } from './job-table';
import type { Draft, RecordDraft } from './records';
import { isoOf } from './time';
import { jsonText } from './validate';

/** The token that callers hold for the running attempt. */
export function tokenOf(entry: Entry): string | undefined {
  return entry.run?.token === undefined ? undefined : String(entry.run.token);
}

/** What to do about a settlement. */
export interface SettleDecision {
  /** Whether it counts, now or before: the same attempt may have settled so already, and the caller only lost the answer. */
  accepted: boolean;
  /** What it becomes, if anything. */
  draft?: Draft;
}

/**
 * Decides one settlement. `settled` holds those of this commit that count, by the ids of their jobs.
 */
export function decideSettle(
  context: AwaitContext,
  settlement: Settlement,
  settled: Map<string, Settlement>,
): SettleDecision {
  const entry = context.table.entries.get(settlement.id);
  const earlier = settled.get(settlement.id);
  if (!entry || earlier || tokenOf(entry) !== settlement.token) {
    if (!entry) return { accepted: false };
    if (isRepeated(entry, settlement, earlier)) return { accepted: true };
    const { id, token, outcome } = settlement;
    return { accepted: false, draft: { op: 'refuse', id, token, outcome } };
  }
  settled.set(entry.id, settlement);
  if (settlement.outcome === 'waiting' && !entry.run?.cancelling)
    return { accepted: true, draft: withReport(entry, decideAwait(context, entry, settlement.children)) };
  const outcome = outcomeOf(entry, settlement, context);
  const unsaved = liveReport(entry);
  return { accepted: true, draft: unsaved ? [unsaved, outcome] : outcome };
}

function withReport(entry: Entry, records: RecordDraft[]): RecordDraft[] {
  const unsaved = liveReport(entry);
  return unsaved ? [unsaved, ...records] : records;
}

function outcomeOf(entry: Entry, settlement: Settlement, context: { now: number; maxBytes: number }): RecordDraft {
  // A handler that finished all the same did the work: that counts more than the wish to cancel it.
  if (settlement.outcome === 'completed') return completion(entry, settlement.result, context);
  if (settlement.outcome === 'failed') return failure(entry, settlement, context.now);
  if (entry.run?.cancelling) return { op: 'fail', id: entry.id, reason: 'cancelled' };
  const delay = settlement.outcome === 'released' ? (settlement.delay ?? 0) : 0;
  return delay > 0
    ? { op: 'release', id: entry.id, runAt: Math.ceil(context.now + delay) }
    : { op: 'release', id: entry.id };
}

/** Whether the attempt was settled so before, here or in an earlier call: one that completed did not fail, too. */
function isRepeated(entry: Entry, { token, outcome }: Settlement, earlier: Settlement | undefined): boolean {
  const completed = outcome === 'completed';
  if (earlier) return earlier.token === token && (earlier.outcome === 'completed') === completed;
  return String(entry.run?.settled) === token && (entry.status === 'completed') === completed;
}

/** A result that cannot be kept fails the job: the same handler would return the same again. */
function completion(
  entry: Entry,
  result: Json | undefined,
  { now, maxBytes }: { now: number; maxBytes: number },
): RecordDraft {
  if (result === undefined) return { seq: 0, at: 0, op: 'complete', id: entry.id, body: '' };
  try {
    const issues: Issue[] = [];
    const body = jsonText('result', result, maxBytes, [], issues);
    if (issues.length > 0) throw new ValidationError('The result', issues);
    return { seq: 0, at: 0, op: 'complete', id: entry.id, body };
  } catch (error) {
    const { name, code, message } = error as LeviathanError;
    return {
      op: 'fail',
      id: entry.id,
      reason: 'error',
      error: { at: isoOf(now), attempt: entry.attempt, name, code, message },
    };
  }
}

function failure(entry: Entry, settlement: Extract<Settlement, { outcome: 'failed' }>, now: number): RecordDraft {
  const error: JobError = { at: isoOf(now), attempt: entry.attempt, ...settlement.error };
  if (entry.run?.cancelling) return { op: 'fail', id: entry.id, reason: 'cancelled', error };
  const { retryIn } = settlement;
  const failures = entry.attempt - (entry.run?.crashes ?? 0);
  if (retryIn === undefined || failures >= entry.maxAttempts || isTooLate(entry, now + retryIn)) {
    return { op: 'fail', id: entry.id, reason: settlement.reason, error };
  }
  const retry: RecordDraft = { op: 'retry', id: entry.id, cause: 'failed', error };
  if (retryIn > 0) retry.runAt = Math.ceil(now + retryIn);
  return retry;
}

/** Whether the job may not be started any more at this time. */
function isTooLate({ run }: Entry, at: number): boolean {
  return run?.retryUntil !== undefined && at > run.retryUntil;
}

/** The record of what the attempt reported since the last one. */
export function liveReport(entry: Entry): RecordDraft | undefined {
  const live = entry.run?.live;
  return live && { op: 'report', id: entry.id, ...live };
}

/** Keeps progress and log lines with the entry until a record takes them along. */
export function keepReport(entry: Entry, report: Report): void {
  const { run } = entry;
  if (!run || (report.progress === undefined && report.detail === undefined && !report.logs?.length)) return;
  run.live ??= {};
  if (report.progress !== undefined) run.live.progress = clampPercent(report.progress);
  if (report.detail !== undefined) run.live.detail = report.detail;
  if (report.logs?.length) run.live.logs = [...(run.live.logs ?? []), ...report.logs].slice(-MAX_LOGS);
}

/** A running job whose worker is gone. */
export function decideTakeBack(entry: Entry, cause: 'released' | 'crashed', now: number): Draft {
  const unsaved = liveReport(entry);
  const outcome = takeBack(entry, cause, now);
  return unsaved ? [unsaved, outcome] : outcome;
}

function takeBack(entry: Entry, cause: 'released' | 'crashed', now: number): RecordDraft {
  const { id } = entry;
  if (cause === 'released')
    return entry.run?.cancelling
      ? { op: 'fail', id, reason: 'cancelled', taken: true }
      : { op: 'release', id, taken: true };
  const error: JobError = {
    at: isoOf(now),
    attempt: entry.attempt,
    name: 'CrashError',
    code: 'CRASHED',
    message: `The process of worker ${entry.run?.worker ?? 'unknown'} ended while it ran this job.`,
  };
  if (entry.run?.cancelling) return { op: 'fail', id, reason: 'cancelled', error, crashed: true };
  const { onCrash } = entry.extra ?? {};
  if (onCrash === 'fail' || (entry.run?.crashes ?? 0) + 1 >= entry.maxCrashes || isTooLate(entry, now))
    return { op: 'fail', id, reason: 'crashed', error, crashed: true };
  const retry: RecordDraft = { op: 'retry', id, cause: 'crashed', error };
  if (onCrash === 'hold') retry.held = true;
  return retry;
}

/** What becomes of a job whose parent failed, or left, or whose parents all completed although it was to run if one failed. */
export function decideOrphan(table: JobTable, { entry, parent }: Orphan, now: number): RecordDraft {
  const { id, extra, attempt } = entry;
  if (parent === undefined) return { op: 'skip', id };
  if (policyOf(extra) === 'skip') return { op: 'skip', id, parent };
  const message = table.entries.has(parent)
    ? `Job ${parent} failed, which this one depends on.`
    : `Job ${parent} left the store before it completed, and this one depends on it.`;
  const error: JobError = { at: isoOf(now), attempt, name: 'DependencyError', code: 'DEPENDENCY', message };
  return { op: 'fail', id, reason: 'dependency', error, parent };
}

function clampPercent(value: number): number {
  return Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : 0;
}
