import type { ChangeSkip } from '../../store';
import type { UndoRequest } from '../../trail';
import { find, holderOf, type Known, type Reference, Refusal, record, type Touched, tell } from './reference';
import { type ReferenceChange, remember } from './reference-change';
import { serve } from './reference-claim';
import { removeOne } from './reference-remove';

/** `undo`. @param told The number that the store gave it. */
export function undo(
  ref: Reference,
  { operation, dryRun = false }: UndoRequest,
  told: number | undefined,
): ReferenceChange & { undone: number } {
  const change = ref.changes.findLast((one) => operation === undefined || one.operation === operation);
  if (!change?.touched) throw new Refusal(['NO_OPERATION']);
  const on = dryRun ? structuredClone(ref) : ref;
  const before = structuredClone(on.known);
  const result: ReferenceChange = { dryRun, matched: change.touched.length, changed: 0, ids: [], skipped: [] };
  for (const touched of change.touched) {
    const verdict = undoOne(on, touched);
    if (verdict === 'changed') result.ids.push(touched.id);
    else result.skipped.push([verdict, touched.id]);
  }
  result.changed = result.ids.length;
  if (!dryRun) remember(on, told, before, result.ids);
  serve(on);
  return { ...result, undone: change.operation };
}

function undoOne(ref: Reference, { id, before, rev, number }: Touched): 'changed' | ChangeSkip['reason'] {
  const now = find(ref, id);
  // It moved on.
  if (now?.job.rev !== rev || now?.number !== number) return now?.job.status ?? 'not-found';
  if (now?.job.status === 'active') return 'active';
  if (!before) {
    if (now) removeOne(ref, now);
    return 'changed';
  }
  const holder = before.job.status === 'pending' ? holderOf(ref, before.job.key) : undefined;
  if (holder && holder !== now) return now?.job.status ?? 'removed';
  if (now) restore(ref, now, before);
  else addAgain(ref, before);
  return 'changed';
}

/** What it waits for stays: parents may have completed since. */
function restore(ref: Reference, now: Known, before: Known): void {
  const was = structuredClone(before);
  const { status, reason } = was.job;
  const kind = status === 'failed' ? 'failed' : 'edited';
  if (status === 'failed') now.finishedNo = ++ref.finished;
  now.failures = was.failures;
  now.backoff = was.backoff;
  if (was.retryUntil === undefined) delete now.retryUntil;
  else now.retryUntil = was.retryUntil;
  const change = (job: Known['job']): void => {
    const { rev } = job;
    for (const key of Object.keys(job)) delete job[key as keyof Known['job']];
    Object.assign(job, was.job, { rev });
  };
  record(ref, now, kind, change, reason && { reason });
}

/** It stands where it stood, as a job that is new to the list. What it waits for is found anew. */
function addAgain(ref: Reference, before: Known): void {
  const was = structuredClone(before);
  was.job.rev++;
  was.isBack = was.job.order === undefined;
  // What other changes did to it is undone no more.
  was.number = ++ref.added;
  was.finishedNo = ++ref.finished;
  const awaited = was.job.children?.at(-1)?.ids ?? was.job.dependsOn ?? [];
  const isOpen = (id: string): boolean => find(ref, id)?.job.status !== 'completed';
  // When it had failed, it waits once somebody retries it; a parent that left since may have completed.
  if (was.job.status === 'pending') was.waitingFor = awaited.filter(isOpen);
  else was.waitingFor = was.waitingFor.filter((id) => find(ref, id) && isOpen(id));
  // Those that came back in front of it need not wait for it.
  if (was.job.status === 'completed')
    for (const one of ref.known) one.waitingFor = one.waitingFor.filter((id) => id !== was.job.id);
  ref.known.push(was);
  tell(ref, was, 'added');
}
