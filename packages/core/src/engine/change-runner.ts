/** Runs a change: finds the targets, decides in slices, commits. */
import type { Clock } from '../clock';
import type { ChangeAction, ChangeRequest, ChangeResult, ChangeSkip } from '../store';
import { isSingle } from './committer';
import { type ChangeDecision, decideChange } from './decide-change';
import type { BodySource, Entry } from './entry';
import { compileFilter, type Matcher } from './filter';
import type { JobTable } from './job-table';
import type { Past } from './past';
import type { Draft, RecordDraft } from './records';

/** Jobs that one slice decides and commits: a few ms. */
const SLICE = 2_000;
const MAX_IDS = 1_000;
const MAX_SKIPPED_IDS = 20;

interface Target {
  id: string;
  entry: Entry | null;
}

/** What a change is for; `matches`: what still has to be so when it is made, unless nothing happened since record `seq`. */
interface Targets {
  targets: Target[];
  matches?: Matcher;
  seq: number;
}

/** What the runner works on. */
export interface ChangeScope {
  table: JobTable;
  bodies: BodySource;
  clock: Clock;
  maxBytes: number;
  /** Left out: nobody will be able to undo it. */
  past: Past | undefined;
}

/**
 * A change of many jobs goes in slices with `pause` between them, so that it holds nobody up; each job changes whole or not at all. Moves,
 * dry runs and small changes are one slice.
 * @throws ValidationError, JobNotFoundError, JobStateError, JobTooLargeError, StoreWriteError
 */
export async function runChange(
  scope: ChangeScope,
  request: ChangeRequest,
  commit: Commit,
  pause: () => Promise<void>,
): Promise<ChangeResult> {
  const { table } = scope;
  const search = findTargets(scope, request);
  let found = search.next();
  // Without a pause all happens at once: no other call comes between the search and the change.
  for (; !found.done; found = search.next()) await pause();
  const { targets, matches, seq } = found.value;
  const isMove = request.change.action === 'move';
  // Awaited, the answer comes two microtasks sooner than by a promise that is returned; others do much in such a gap.
  return await runInSlices(scope, {
    targets,
    isWhole: isMove || request.dryRun === true,
    decide: (part, done) => {
      // Since they were found some may have left, or changed so that they are not meant any more.
      const slice = part
        .map(({ id, entry }) => ({ id, entry: entry && (table.entries.get(id) ?? null) }))
        .filter(({ entry }) => !matches || table.seq === seq || (entry && matches(entry)));
      const context = { table, bodies: scope.bodies, now: scope.clock.now(), maxBytes: scope.maxBytes, done };
      return decideChange(context, request, slice);
    },
    ...(!request.dryRun && { commit: (records) => commit(isMove ? [records.flat() as RecordDraft[]] : records) }),
    pause,
  });
}

/** Makes records part of the history. */
export type Commit = (drafts: readonly Draft[]) => Promise<void> | undefined;

/** A change, to be made in slices. */
interface SlicedChange<T> {
  targets: readonly T[];
  /** All at once. */
  isWhole: boolean;
  /** @param done How many of the slices before changed. */
  decide(slice: readonly T[], done: number): ChangeDecision;
  /** Left out: nothing is to be changed. */
  commit?(records: Draft[]): Promise<void> | undefined;
  pause(): Promise<void>;
}

/** Decides and commits slice after slice. Where it can be undone later its records say what they belong to. */
export async function runInSlices<T>(scope: ChangeScope, change: SlicedChange<T>): Promise<ChangeResult> {
  const { targets } = change;
  const size = change.isWhole ? Math.max(targets.length, 1) : SLICE;
  let operation: number | undefined;
  let total: ChangeResult | undefined;
  for (let start = 0; start === 0 || start < targets.length; start += size) {
    if (start > 0) await change.pause();
    const { records, result } = change.decide(targets.slice(start, start + size), total?.changed ?? 0);
    if (change.commit && records.length > 0) {
      // The number that its first record gets.
      operation ??= scope.table.seq + 1;
      if (scope.past) mark(records, operation);
      const durable = change.commit(records);
      if (durable) await durable;
    }
    total = total ? merge(total, result) : result;
  }
  const result = total as ChangeResult;
  if (scope.past && operation !== undefined) result.operation = operation;
  return result;
}

function mark(drafts: readonly Draft[], operation: number): void {
  for (const draft of drafts) {
    if (isSingle(draft)) draft.operation = operation;
    else for (const record of draft) record.operation = operation;
  }
}

/** Changes that are, of all that a filter finds, for these jobs alone. */
const MEANT_FOR: { [action in ChangeAction['action']]?: Matcher } = {
  approve: (entry) => entry.run?.held === true,
  redrive: (entry) => entry.extra?.deadLetterOf !== undefined,
};

/** Yields now and then, to let others run. */
function* findTargets({ table, bodies }: ChangeScope, { target, change }: ChangeRequest): Generator<void, Targets> {
  const { seq } = table;
  if ('ids' in target) return { targets: target.ids.map((id) => ({ id, entry: table.entries.get(id) ?? null })), seq };
  const isMeant = compileFilter(target.filter, bodies);
  const isFor = MEANT_FOR[change.action];
  const matches: Matcher = isFor ? (entry) => isFor(entry) && isMeant(entry) : isMeant;
  const targets: Target[] = [];
  let looked = 0;
  for (const entry of table.entries.ascending()) {
    if (++looked % (SLICE * 10) === 0) yield;
    if (matches(entry)) targets.push({ id: entry.id, entry });
  }
  return { targets, matches, seq };
}

function merge(total: ChangeResult, more: ChangeResult): ChangeResult {
  const skipped = new Map<string, ChangeSkip>(total.skipped.map((skip) => [`${skip.reason}:${skip.message}`, skip]));
  for (const skip of more.skipped) {
    const key = `${skip.reason}:${skip.message}`;
    const known = skipped.get(key);
    if (!known) skipped.set(key, skip);
    else {
      known.count += skip.count;
      known.ids = [...known.ids, ...skip.ids].slice(0, MAX_SKIPPED_IDS);
    }
  }
  return {
    dryRun: total.dryRun,
    matched: total.matched + more.matched,
    changed: total.changed + more.changed,
    ids: [...total.ids, ...more.ids].slice(0, MAX_IDS),
    skipped: [...skipped.values()],
  };
}
