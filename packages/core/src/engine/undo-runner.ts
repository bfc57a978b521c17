/** Runs an undo: finds what the change did and what was before it, decides in slices, commits. */
import { NoOperationError } from '../errors';
import type { UndoResult } from '../store';
import type { UndoRequest } from '../trail';
import { type ChangeScope, type Commit, runInSlices } from './change-runner';
import { collectVerdicts } from './decide-change';
import { type Touched, undoVerdicts } from './decide-undo';
import { idOf, type Past, tableAt } from './past';
import type { RecordDraft, StoreRecord } from './records';

/**
 * What failed because the change took a parent away is taken back with it. Many jobs go in slices, as in the change itself; what was one batch (a move) is undone as one.
 * @throws NoOperationError, NoHistoryError, StoreWriteError
 */
export async function runUndo(
  scope: ChangeScope,
  past: Past,
  request: UndoRequest,
  commit: Commit,
  pause: () => Promise<void>,
): Promise<UndoResult> {
  const { table } = scope;
  const operation = request.operation ?? table.operation;
  const { touched, isBatch } = await findTouched(past, operation);
  if (touched.size === 0) throw new NoOperationError(request.operation);
  const before = await tableAt(past, { before: operation }, new Set(touched.keys()));
  const context = { table, bodies: scope.bodies, before, bodiesBefore: past.bodies, touched };
  const verdictOf = undoVerdicts(context, request);
  const dryRun = request.dryRun === true;
  const result = await runInSlices(scope, {
    targets: [...touched.keys()].map((id) => ({ id })),
    isWhole: isBatch || dryRun,
    decide: (jobs) => collectVerdicts(jobs, dryRun, ({ id }) => verdictOf(id)),
    ...(!dryRun && { commit: (records) => commit(isBatch ? [records.flat() as RecordDraft[]] : records) }),
    pause,
  });
  return { ...result, undone: operation };
}

async function findTouched(
  past: Past,
  operation: number,
): Promise<{ touched: Map<string, Touched>; isBatch: boolean }> {
  const touched = new Map<string, Touched>();
  let isBatch = false;
  if (operation === 0) return { touched, isBatch };
  /** Jobs that the change failed or removed, and those that failed because of that, until they come back. */
  const lost = new Set<string>();
  let previous: StoreRecord | undefined;
  for await (const records of past.records(operation)) {
    for (const record of records) {
      const before = previous;
      previous = record;
      const id = idOf(record);
      if (id === undefined) continue;
      const isPart = record.operation === operation;
      const cause = !isPart && record.op === 'fail' && lost.has(record.parent ?? '') ? record.parent : undefined;
      if (isPart || cause !== undefined) {
        touched.set(id, touchedBy(record, touched.get(id), cause, before));
        isBatch ||= isPart && record.more === 1;
        if (record.op === 'fail' || record.op === 'remove') lost.add(id);
      } else if (record.op === 'retry' || record.op === 'restore' || record.op === 'add') lost.delete(id);
    }
  }
  return { touched, isBatch };
}

function touchedBy(
  record: StoreRecord,
  earlier: Touched | undefined,
  cause: string | undefined,
  before: StoreRecord | undefined,
): Touched {
  const touched: Touched = {
    seq: record.seq,
    records: (earlier?.records ?? 0) + 1,
    removed: record.op === 'remove',
    hasBody: ('body' in record && record.body !== '') || earlier?.hasBody === true,
  };
  if (cause === undefined) return touched;
  touched.cause = cause;
  // It stands in front, in the same batch.
  if (before?.op === 'add' && before.job.deadLetterOf?.id === idOf(record))
    touched.letter = { id: before.job.id, seq: before.seq };
  return touched;
}
