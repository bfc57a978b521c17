/** Runs an undo: finds what the change did and what was before it, decides in slices, commits. */
import { NoOperationError } from '../errors';
import type { UndoResult } from '../store';
import type { UndoRequest } from '../trail';
import { type ChangeScope, type Commit, runInSlices } from './change-runner';
import { collectVerdicts } from './decide-change';
import { type Touched, undoVerdicts } from './decide-undo';
import { idOf, type Past, tableAt } from './past';

/**
 * Many jobs go in slices, as in the change itself; what was one batch (a move) is undone as one.
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
    targets: [...touched.keys()],
    isWhole: isBatch || dryRun,
    decide: (ids) => collectVerdicts(ids, dryRun, verdictOf),
    ...(!dryRun && { commit: (records) => commit(isBatch ? [records] : records) }),
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
  for await (const records of past.records(operation)) {
    for (const record of records) {
      const id = record.operation === operation ? idOf(record) : undefined;
      if (id === undefined) continue;
      isBatch ||= record.more === 1;
      const hasBody = 'body' in record && record.body !== '';
      touched.set(id, {
        seq: record.seq,
        removed: record.op === 'remove',
        hasBody: hasBody || touched.get(id)?.hasBody === true,
      });
    }
  }
  return { touched, isBatch };
}
