/**
 * Calls of a store as plain data: made on a real store, and foretold by the reference.
 *
 * @module
 */
import type { Job, JobSpec } from '../../job';
import type * as Contract from '../../store';
import type { UndoRequest } from '../../trail';
import { find, iso, type Reference, Refusal } from './reference';
import { add } from './reference-add';
import { change } from './reference-change';
import { claim, serve } from './reference-claim';
import { report, settle, takeBack } from './reference-settle';
import { undo } from './reference-undo';
import { counts, listed } from './reference-view';
import { isStoreId, isUnnamed } from './unnamed';

/** Ids that a group of skipped jobs names at most. */
const MAX_SKIPPED_IDS = 20;

/** One call that is answered at once. */
export type Call =
  | { call: 'add'; args: [specs: JobSpec[], options?: Contract.AddOptions] }
  | { call: 'claim'; args: [request: Contract.ClaimRequest] }
  | { call: 'settle'; args: [settlements: Contract.Settlement[]] }
  | { call: 'report'; args: [reports: Contract.Report[]] }
  | { call: 'takeBack'; args: [workers: string[], cause: 'released' | 'crashed', options?: { keep?: string[] }] }
  | { call: 'change'; args: [request: Contract.ChangeRequest] }
  | { call: 'undo'; args: [request: UndoRequest] }
  | { call: 'pause'; args: [paused: boolean, options?: { type?: string; by?: string }] }
  | { call: 'get'; args: [ids: string[]] }
  | { call: 'list'; args: [query: Contract.ListQuery] }
  | { call: 'counts'; args: [] };

/** What came of a call. */
export type Answer = { value: unknown } | { refused: string };

/** Makes the call; an error with a code is an answer, any other error is thrown. */
export async function make(store: Contract.JobStore, { call, args }: Call): Promise<Answer> {
  try {
    const method = store[call] as (...args: unknown[]) => Promise<unknown>;
    return { value: await method.apply(store, args) };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string' || code === 'CLOSED') throw error;
    return { refused: code };
  }
}

/**
 * What the reference answers, in a form that can be compared with {@link comparable} of the real answer. What a store may choose is taken
 * from that.
 */
export function foretell(ref: Reference, call: Call, answer: Answer): Answer {
  const told = 'value' in answer ? answer.value : undefined;
  try {
    return { value: structuredClone(answerOf(ref, call, told)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [first = ''] = error.codes;
    return { refused: 'refused' in answer && error.codes.includes(answer.refused) ? answer.refused : first };
  }
}

function answerOf(ref: Reference, call: Call, told: unknown): unknown {
  switch (call.call) {
    case 'add':
      return add(ref, call.args[0], call.args[1] ?? {}, told as Contract.AddResult[] | undefined);
    case 'claim':
      return claim(ref, call.args[0], told as Contract.ClaimedJob[] | undefined).map(bare);
    case 'settle':
      return settle(ref, call.args[0]);
    case 'report':
      return report(ref, call.args[0]);
    case 'takeBack':
      return takeBack(ref, call.args[0], call.args[1], call.args[2]?.keep);
    case 'change': {
      const result = change(ref, call.args[0], (told as Contract.ChangeResult | undefined)?.operation);
      return { ...result, skipped: skipsOf(result.skipped.map(([reason, id]) => [reason, [id], 1])) };
    }
    case 'undo': {
      const result = undo(ref, call.args[0], (told as Contract.UndoResult | undefined)?.operation);
      return { ...result, skipped: skipsOf(result.skipped.map(([reason, id]) => [reason, [id], 1])) };
    }
    case 'pause':
      return pause(ref, call.args[0], call.args[1]?.type);
    case 'get':
      return call.args[0].map((id) => stateOf(find(ref, id)?.job));
    case 'list':
      return listed(ref, call.args[0])
        .slice(0, call.args[0].limit ?? 50)
        .map(stateOf);
    case 'counts':
      return counts(ref);
  }
}

/** The real answer without what the whole state is compared for anyway, or what rules leave open. */
export function comparable(call: Call, answer: Answer): Answer {
  if ('refused' in answer) return answer;
  const { value } = answer;
  switch (call.call) {
    case 'claim':
      return { value: (value as Contract.ClaimedJob[]).map(bare) };
    case 'change':
    case 'undo':
      return { value: changeOf(value as Contract.ChangeResult) };
    case 'get':
      return { value: (value as (Job | null)[]).map(stateOf) };
    case 'list':
      return { value: (value as Contract.JobPage).jobs.map(stateOf) };
    case 'counts':
      return { value: tidyCounts(value as Contract.JobCounts) };
    case 'pause':
      return { value: null };
    default:
      return { value };
  }
}

/** How often a job was changed when it was claimed, and its place, are compared with its state. */
function bare({ job, token }: Contract.ClaimedJob): unknown {
  const { rev: _rev, order: _order, ...rest } = job;
  return { job: rest, token };
}

/** What of a job tells a reader when it read. */
function stateOf(job: Job | null | undefined): unknown {
  return job ? [job.id, job.status, job.attempt, job.priority, job.data] : null;
}

/** Without the types that have no job any more, which a store may still name. */
export function tidyCounts(told: Contract.JobCounts): Contract.JobCounts {
  const byType = Object.entries(told.byType).filter(([, of]) => Object.values(of).some((n) => n > 0));
  return {
    ...told,
    byType: Object.fromEntries(byType),
    paused: { ...told.paused, types: [...told.paused.types].sort() },
  };
}

function pause(ref: Reference, paused: boolean, type: string | undefined): null {
  const before = type === undefined ? ref.pausedAll : ref.pausedTypes.includes(type);
  if (before === paused) return null;
  if (type === undefined) ref.pausedAll = paused;
  else ref.pausedTypes = paused ? [...ref.pausedTypes, type] : ref.pausedTypes.filter((other) => other !== type);
  ref.events.push({ kind: paused ? 'paused' : 'resumed', at: iso(ref.now), ...(type !== undefined && { type }) });
  serve(ref);
  return null;
}

/** Skips by their reasons: how many, and which, if that is all told. A store may put those of one reason into several groups. */
function skipsOf(skipped: [reason: string, ids: string[], count: number][]): Record<string, unknown> {
  const byReason: Record<string, { count: number; ids: string[] | undefined }> = {};
  for (const [reason, all, count] of skipped) {
    // Those that the store named have no place in the order of the others.
    const ids = all.map((id) => (isUnnamed(id) || isStoreId(id) ? 'one that the store named' : id));
    const before = byReason[reason] ?? { count: 0, ids: [] };
    const told = before.ids && ids.length === count ? [...before.ids, ...ids].sort() : undefined;
    byReason[reason] = { count: before.count + count, ids: told };
  }
  for (const group of Object.values(byReason)) if (group.count > MAX_SKIPPED_IDS) group.ids = undefined;
  return byReason;
}

/** The number that a store gives to a change is its own affair. */
function changeOf({ operation: _number, ...told }: Contract.ChangeResult): unknown {
  return { ...told, skipped: skipsOf(told.skipped.map(({ reason, ids, count }) => [reason, ids, count])) };
}
