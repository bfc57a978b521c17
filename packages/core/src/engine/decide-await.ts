/** Which records it becomes when a handler adds jobs and its own job waits for them. */
import { CycleError, type Issue, LeviathanError, ValidationError } from '../errors';
import { CHILD_POLICIES, type NewChildren } from '../job';
import { type AddContext, type AddOverlay, decideAdd } from './decide-add';
import type { Entry } from './entry';
import type { JobTable } from './job-table';
import type { AddDraft, RecordDraft } from './records';
import { isoOf } from './time';
import { acceptSpecs, isName, MAX_NAME_LENGTH, MAX_PARENTS } from './validate';

/** What a decision may look at, and the ids and keys that this commit takes. */
export interface AwaitContext extends AddContext {
  overlay: AddOverlay;
}

/** Children that cannot be added fail the job: the same handler would ask for the same again. */
export function decideAwait(context: AwaitContext, entry: Entry, children: NewChildren): RecordDraft[] {
  try {
    return awaitRecords(context, entry, children);
  } catch (fault) {
    if (!(fault instanceof LeviathanError)) throw fault;
    const { name, code, message } = fault;
    const error = { at: isoOf(context.now), attempt: entry.attempt, name, code, message };
    return [{ op: 'fail', id: entry.id, reason: 'error', error }];
  }
}

/** @throws ValidationError, CycleError, JobTooLargeError */
function awaitRecords(context: AwaitContext, entry: Entry, children: NewChildren): RecordDraft[] {
  const { table, overlay, maxBytes } = context;
  check(entry, children);
  const { name, jobs, onChildFailed = 'wait' } = children;
  const { records, results } = decideAdd(context, overlay, acceptSpecs(jobs, maxBytes), {});
  const ids = [...new Set(results.map(({ id }) => id))];
  const added = records.filter((record): record is AddDraft => record.op === 'add');
  const cycle = findWay(table, added, ids, entry.id);
  if (cycle) {
    overlay.giveBack();
    throw new CycleError([entry.id, ...cycle]);
  }
  for (const { job } of added) job.parent = entry.id;
  const wait: RecordDraft = { op: 'await', id: entry.id, name, children: ids };
  if (onChildFailed !== 'wait') wait.onChildFailed = onChildFailed;
  return [...records, wait];
}

function check(entry: Entry, { name, jobs, onChildFailed }: NewChildren): void {
  const issues: Issue[] = [];
  const fail = (field: keyof NewChildren, message: string): void =>
    void issues.push({ path: ['children', field], message });
  if (!isName(name)) fail('name', `must be a text of 1 to ${MAX_NAME_LENGTH} characters`);
  else if (entry.extra?.children?.some((group) => group.name === name)) fail('name', 'is that of earlier children');
  if (!Array.isArray(jobs) || jobs.length === 0 || jobs.length > MAX_PARENTS)
    fail('jobs', `must be a list of 1 to ${MAX_PARENTS} jobs`);
  if (onChildFailed !== undefined && !CHILD_POLICIES.includes(onChildFailed))
    fail('onChildFailed', `must be one of ${CHILD_POLICIES.join(', ')}`);
  if (issues.length > 0) throw new ValidationError('The call', issues);
}

/**
 * The way from one of the children to the job that is to wait for them, by what each of them waits for: the job would wait for itself. Only a
 * child that was there before, or depends on a job that was, can lead there.
 */
function findWay(
  table: JobTable,
  records: readonly AddDraft[],
  children: readonly string[],
  target: string,
): string[] | undefined {
  const added = new Map(records.map(({ job }) => [job.id, job.dependsOn ?? []]));
  const cameFrom = new Map<string, string | undefined>(children.map((id) => [id, undefined]));
  // A Map is walked in the order of its making, what is put in meanwhile included.
  for (const id of cameFrom.keys()) {
    if (id === target) return wayTo(target, cameFrom);
    for (const next of added.get(id) ?? waitsFor(table.entries.get(id))) {
      if (!cameFrom.has(next)) cameFrom.set(next, id);
    }
  }
  return undefined;
}

function waitsFor(entry: Entry | undefined): Iterable<string> {
  return (entry?.status === 'pending' && entry.extra?.waitingFor) || [];
}

function wayTo(target: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const way: string[] = [];
  for (let id: string | undefined = target; id !== undefined; id = cameFrom.get(id)) way.unshift(id);
  return way;
}
