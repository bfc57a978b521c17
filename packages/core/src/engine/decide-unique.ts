/**
 * What an `add` becomes when a job holds its key.
 *
 * @module
 */
import { DuplicateJobError } from '../errors';
import type { Json, UniqueMode } from '../job';
import type { AddResult, UniqueOutcome } from '../store';
import type { UniqueRule } from './checker';
import type { BodySource, Entry } from './entry';
import { dataOf } from './job-of';
import { mergeData } from './merge-data';
import type { AddDraft, EditPatch, JobHead, RecordDraft } from './records';
import { fitting } from './validate';

/** A job that holds a key, or follows who does, as the records before will leave it. */
export interface KeyHolder {
  id: string;
  type: string;
  isActive: boolean;
  /** It was started before, and waits for its next attempt. */
  wasStarted: boolean;
  created: number;
  /** Epoch milliseconds; 0: as soon as possible. */
  runAt: number;
  /** JSON text. */
  data(): string;
}

/** The jobs of one key. */
export interface KeyState {
  holder: KeyHolder;
  follower?: KeyHolder | undefined;
}

/** A new job that has a key. */
export interface UniqueAdd {
  draft: AddDraft;
  key: string;
  rule: UniqueRule;
  /** Whether the same call may come again, so that the job has to remember that it took this one up. */
  mayRepeat: boolean;
}

/** What one add becomes. */
export interface UniqueDecision {
  records: RecordDraft[];
  result: AddResult;
  /** The jobs of the key afterwards. */
  state: KeyState;
}

const OUTCOMES: Partial<Record<UniqueMode, UniqueOutcome>> = {
  replace: 'replaced',
  rerun: 'replaced',
  merge: 'merged',
  debounce: 'debounced',
  throttle: 'throttled',
};

/** What to tell of an add by this mode that an existing job took up. */
export function outcomeOf(mode: UniqueMode): { outcome?: UniqueOutcome } {
  const outcome = OUTCOMES[mode];
  return outcome === undefined ? {} : { outcome };
}

/** The job as the table has it. */
export function holderOf(entry: Entry, bodies: BodySource): KeyHolder {
  const { id, type, created, runAt } = entry;
  const isActive = entry.status === 'active';
  return { id, type, isActive, wasStarted: entry.attempt > 0, created, runAt, data: () => dataOf(entry, bodies) };
}

/** The job as it will be added. */
export function holderToBe({ job, body }: AddDraft, now: number): KeyHolder {
  const { id, type, runAt = 0 } = job;
  return { id, type, isActive: false, wasStarted: false, created: now, runAt, data: () => body };
}

/**
 * Decides one add whose key is held. See `Unique` for the rules.
 * @throws DuplicateJobError, JobTooLargeError
 */
export function decideUnique(
  { draft, key, rule, mayRepeat }: UniqueAdd,
  state: KeyState,
  { now, maxBytes }: { now: number; maxBytes: number },
): UniqueDecision {
  const { holder, follower } = state;
  const { mode } = rule;
  const existing = { records: [], result: { id: holder.id, added: false }, state };
  if (mode === 'reject') throw new DuplicateJobError(holder.id, 'key', key);
  if (mode === 'keep') return existing;
  if (mode === 'throttle') return { ...existing, result: { ...existing.result, ...outcomeOf(mode) } };
  // Its processor would not know what to do with the data.
  if (holder.type !== draft.job.type) throw new DuplicateJobError(holder.id, 'key', key);
  const target = follower ?? holder;
  if (target.isActive) {
    if (mode === 'replace') return existing;
    const job: JobHead = { ...draft.job, dependsOn: [holder.id], onParentFailed: 'continue' };
    if (mode === 'debounce') job.runAt = now + rule.wait;
    const record: AddDraft = { ...draft, job };
    const result: AddResult = { id: job.id, added: true, outcome: 'rerun' };
    return { records: [record], result, state: { holder, follower: holderToBe(record, now) } };
  }
  const body = mode === 'merge' ? merged(target, draft.body, maxBytes) : draft.body;
  const patch = patchOf(draft.job, rule, target, now);
  const record: RecordDraft = { op: 'edit', id: target.id, patch, body };
  if (mayRepeat) record.absorbs = draft.job.id;
  const runAt = patch.runAt === undefined ? target.runAt : (patch.runAt ?? 0);
  const after: KeyHolder = { ...target, runAt, data: () => body };
  return {
    records: [record],
    result: { id: target.id, added: false, ...outcomeOf(mode) },
    state: follower ? { holder, follower: after } : { holder: after },
  };
}

function merged(target: KeyHolder, body: string, maxBytes: number): string {
  const data = mergeData(JSON.parse(target.data()) as Json, JSON.parse(body) as Json);
  return fitting('data', JSON.stringify(data), maxBytes);
}

function patchOf(job: JobHead, rule: UniqueRule, target: KeyHolder, now: number): EditPatch {
  if (rule.mode === 'merge') return {};
  if (rule.mode === 'debounce') return { runAt: debouncedStart(rule, target, now) };
  const { priority, maxAttempts, runAt, expiresAt, timeout, backoff, tags } = job;
  return {
    priority,
    maxAttempts,
    runAt: runAt !== undefined && runAt > now ? runAt : null,
    expiresAt: expiresAt ?? null,
    timeout: timeout ?? null,
    backoff: backoff ?? null,
    tags: tags ?? [],
  };
}

/** A job that failed before has its backoff to wait for; the longest wait is for those that were never started. */
function debouncedStart({ wait, maxWait }: UniqueRule & { mode: 'debounce' }, target: KeyHolder, now: number): number {
  if (target.wasStarted) return Math.max(target.runAt, now + wait);
  return Math.min(now + wait, target.created + (maxWait ?? Number.POSITIVE_INFINITY));
}
