/** Which records a change becomes, job by job, and why the rest stays as it is. */
import { JobNotFoundError, JobStateError, ValidationError } from '../errors';
import type { Json } from '../job';
import type { ChangeAction, ChangeRequest, ChangeResult, ChangeSkip } from '../store';
import { type By, type ChangeContext, not, type Verdict } from './change-context';
import { redrive } from './decide-redrive';
import type { Entry } from './entry';
import { dataOf } from './job-of';
import { decideMove } from './move';
import type { Draft, EditPatch, RecordDraft } from './records';
import { acceptPatch, assertPriority, assertRedrive } from './validate';

const MAX_IDS = 1_000;
const MAX_SKIPPED_IDS = 20;

/** Records of a whole change, and the answer to it. */
export interface ChangeDecision {
  /** Several records of one job count all or none. */
  records: Draft[];
  result: ChangeResult;
}

/**
 * Decides a change over the targeted entries; `null` stands for an id that there is no job for.
 * @throws ValidationError, JobNotFoundError and JobStateError (for the anchor of a move)
 */
export function decideChange(
  context: ChangeContext,
  request: ChangeRequest,
  targets: { id: string; entry: Entry | null }[],
): ChangeDecision {
  const verdictOf = verdictsOf(context, request, targets);
  return collectVerdicts(targets, request.dryRun === true, ({ entry }) =>
    entry ? verdictOf(entry) : { skip: 'not-found', message: 'there is no such job' },
  );
}

/** Asks for the verdict on each of these jobs, and sums up. */
export function collectVerdicts<T extends { id: string }>(
  targets: readonly T[],
  dryRun: boolean,
  verdictOf: (target: T) => Verdict,
): ChangeDecision {
  const records: Draft[] = [];
  const skips = new Map<string, ChangeSkip>();
  const ids: string[] = [];
  const seen = new Set<string>();
  let changed = 0;
  for (const target of targets) {
    const { id } = target;
    const verdict: Verdict = seen.has(id) ? { skip: 'unchanged', message: 'it was named twice' } : verdictOf(target);
    if (Array.isArray(verdict) || verdict.skip !== 'not-found') seen.add(id);
    if (Array.isArray(verdict)) {
      records.push(verdict.length === 1 ? (verdict[0] as RecordDraft) : verdict);
      changed++;
      if (ids.length < MAX_IDS) ids.push(id);
      continue;
    }
    const key = `${verdict.skip}:${verdict.message}`;
    const skip = skips.get(key) ?? { reason: verdict.skip, message: verdict.message, count: 0, ids: [] };
    skip.count++;
    if (skip.ids.length < MAX_SKIPPED_IDS) skip.ids.push(id);
    skips.set(key, skip);
  }
  return { records, result: { dryRun, matched: targets.length, changed, ids, skipped: [...skips.values()] } };
}

function verdictsOf(
  context: ChangeContext,
  request: ChangeRequest,
  targets: { entry: Entry | null }[],
): (entry: Entry) => Verdict {
  const { change } = request;
  const by = request.by === undefined ? {} : { by: request.by };
  switch (change.action) {
    case 'cancel':
      return (entry) => cancel(entry, by);
    case 'retry':
      return retryOnce(context, by);
    case 'remove':
      return (entry) =>
        entry.status === 'active'
          ? not(entry, 'is running; cancel it first')
          : [{ op: 'remove', id: entry.id, why: 'removed', ...by }];
    case 'approve':
      return (entry) => editPending(entry, { held: null }, '', by);
    case 'reprioritise':
      assertPriority(change.priority);
      return (entry) => editPending(entry, { priority: change.priority }, '', by);
    case 'edit':
      return edit(context, change, by);
    case 'move':
      return move(context, change, targets, by);
    case 'redrive':
      assertRedrive(change);
      return redrive(context, change, by);
    default:
      // The types rule it out, callers without types and other processes do not.
      throw new ValidationError('The change', [{ path: ['change', 'action'], message: 'is no known action' }]);
  }
}

function cancel(entry: Entry, by: By): Verdict {
  if (entry.status === 'pending') return [{ seq: 0, at: 0, op: 'fail', id: entry.id, reason: 'cancelled', ...by }];
  if (entry.status !== 'active') return not(entry, `has ${entry.status} already`);
  if (entry.run?.cancelling) return { skip: 'unchanged', message: 'it is being cancelled already' };
  return [{ seq: 0, at: 0, op: 'cancel', id: entry.id, ...by }];
}

/** Two failed jobs with the same key cannot both come back: the first one takes the key. */
function retryOnce(context: ChangeContext, by: By): (entry: Entry) => Verdict {
  const taken = new Map<string, string>();
  return (entry) => {
    if (entry.status === 'pending') {
      if (entry.run?.held) return [{ op: 'edit', id: entry.id, patch: { held: null }, body: '', ...by }];
      if (entry.runAt <= context.now) return { skip: 'unchanged', message: 'it is pending already' };
      return [{ op: 'edit', id: entry.id, patch: { runAt: null }, body: '', ...by }];
    }
    if (entry.status !== 'failed')
      return not(entry, entry.status === 'active' ? 'is running' : 'completed: there is nothing to retry');
    const key = entry.extra?.key;
    if (key !== undefined) {
      const holder = taken.get(key) ?? context.table.keys.get(key)?.id;
      if (holder !== undefined) return not(entry, `its key is held by ${holder}`);
      taken.set(key, entry.id);
    }
    return [{ seq: 0, at: 0, op: 'retry', id: entry.id, cause: 'manual', ...by }];
  };
}

function edit(
  context: ChangeContext,
  change: Extract<ChangeAction, { action: 'edit' }>,
  by: By,
): (entry: Entry) => Verdict {
  const { patch, body } = acceptPatch(change.patch, context.maxBytes);
  const head: EditPatch = { ...patch };
  if (typeof head.runAt === 'number' && head.runAt <= context.now) head.runAt = null;
  return (entry) => editPending(entry, head, body !== '' && body !== dataOf(entry, context.bodies) ? body : '', by);
}

function editPending(entry: Entry, patch: EditPatch, body: string, by: By): Verdict {
  if (entry.status !== 'pending') return not(entry, `is ${entry.status}; only pending jobs can be changed`);
  const changes = Object.fromEntries(
    Object.entries(patch).filter(([name, value]) => differs(entry, name as keyof EditPatch, value)),
  );
  if (body === '' && Object.keys(changes).length === 0) return { skip: 'unchanged', message: 'it is so already' };
  return [{ op: 'edit', id: entry.id, patch: changes, body, ...by }];
}

function differs(entry: Entry, name: keyof EditPatch, value: unknown): boolean {
  if (value === undefined) return false;
  const present: Record<keyof EditPatch, unknown> = {
    priority: entry.priority,
    order: entry.order,
    maxAttempts: entry.maxAttempts,
    runAt: entry.runAt === 0 ? null : entry.runAt,
    held: entry.run?.held ?? null,
    expiresAt: entry.extra?.expiresAt ?? null,
    agedAt: entry.extra?.agedAt ?? null,
    timeout: entry.extra?.timeout ?? null,
    backoff: entry.extra?.backoff ?? null,
    tags: entry.extra?.tags ?? [],
  };
  return JSON.stringify(present[name] as Json) !== JSON.stringify(value);
}

function move(
  context: ChangeContext,
  change: Extract<ChangeAction, { action: 'move' }>,
  targets: { entry: Entry | null }[],
  by: By,
): (entry: Entry) => Verdict {
  const { target } = change;
  let anchor: Entry | undefined;
  if (!('to' in target)) {
    const anchorId = 'before' in target ? target.before : target.after;
    anchor = context.table.entries.get(anchorId);
    if (!anchor) throw new JobNotFoundError(anchorId);
    if (anchor.status !== 'pending')
      throw new JobStateError(anchorId, `is ${anchor.status}; jobs move next to pending jobs only`);
  }
  const movable = new Set(
    targets.flatMap(({ entry }) => (entry?.status === 'pending' && entry !== anchor ? [entry] : [])),
  );
  const patches = decideMove(context.table, [...movable], target, anchor);
  return (entry) => {
    if (entry.status !== 'pending') return not(entry, `is ${entry.status}; only pending jobs can be moved`);
    const patch = patches.get(entry);
    patches.delete(entry);
    if (!patch) return { skip: 'unchanged', message: 'it stands there already' };
    const records: RecordDraft[] = [{ op: 'edit', id: entry.id, patch, body: '', ...by }];
    // Neighbours that had to make room come along with the first moved job.
    for (const [neighbour, room] of patches) {
      if (movable.has(neighbour)) continue;
      records.push({ op: 'edit', id: neighbour.id, patch: room, body: '' });
      patches.delete(neighbour);
    }
    return records;
  };
}
