/** Which records it takes to take jobs over from another store. */
import { CycleError, type Issue, ValidationError } from '../errors';
import type { FailureReason, Job, ParentPolicy } from '../job';
import { isObject } from '../json';
import type { RestoreOptions, RestoreResult } from '../store';
import { adoption } from './adoption';
import { findCycle } from './decide-add';
import { awaitedBy, outlives, policyOf } from './dependencies';
import { parseJob } from './job-record';
import type { JobTable } from './job-table';
import type { AddDraft, RecordDraft } from './records';

/** For these a job may fail that has not started, or waits for its children. */
const FAILED_WAITING = new Set<FailureReason>(['dependency', 'cancelled', 'expired']);

/** The records of one call, in one batch, and what to answer. */
export interface RestoreDecision {
  records: RecordDraft[];
  results: RestoreResult[];
}

/** What a decision may look at. */
export interface RestoreContext {
  table: JobTable;
  now: number;
  maxBytes: number;
}

/**
 * Decides one call; changes nothing.
 * @throws ValidationError, CycleError, JobTooLargeError
 */
export function decideRestore(
  context: RestoreContext,
  jobs: readonly Job[],
  { replace = false, by }: RestoreOptions,
): RestoreDecision {
  const drafts = acceptJobs(jobs, context);
  const taken = new Taken(context.table);
  const records: RecordDraft[] = [];
  const added: AddDraft[] = [];
  const results = drafts.map((draft): RestoreResult => {
    const { id } = draft.job;
    const outcome = taken.outcomeOf(draft, replace);
    if (outcome === 'added' || outcome === 'replaced') {
      if (outcome === 'replaced') {
        records.push({ op: 'remove', id, why: 'replaced', ...(by !== undefined && { by }) });
      }
      records.push(draft);
      added.push(draft);
    }
    return { id, outcome };
  });
  markWaits(added, context.table);
  checkCycles(added, context.table);
  return { records, results };
}

function acceptJobs(jobs: readonly Job[], { now, maxBytes }: RestoreContext): AddDraft[] {
  const issues: Issue[] = [];
  const drafts = jobs.flatMap((value, i) => {
    const at = jobs.length > 1 ? [i] : [];
    const fail = (path: (string | number)[], message: string): [] => {
      issues.push({ path: [...at, ...path], message });
      return [];
    };
    if (!isObject(value)) return fail([], 'must be an object');
    if (value.id === undefined) return fail(['id'], 'is missing');
    const { order: _ofItsStore, ...raw } = value;
    const read = parseJob(raw, now, maxBytes);
    if ('job' in read) return [adoption(read.job, read.job.status)];
    for (const { path, message } of read.issues) fail(path, message);
    return [];
  });
  if (issues.length > 0) throw new ValidationError(jobs.length > 1 ? 'A job of the batch' : 'The job', issues);
  return drafts;
}

/** Ids and keys, as they are taken one job after the other. */
class Taken {
  private readonly ids = new Set<string>();
  /** Who holds a key from now on; `undefined`: its holder is replaced. */
  private readonly keys = new Map<string, string | undefined>();

  constructor(private readonly table: JobTable) {}

  outcomeOf({ job: { id, key, status, dependsOn } }: AddDraft, replace: boolean): RestoreResult['outcome'] {
    const present = this.table.entries.get(id);
    if (this.ids.has(id) || (present && !replace)) return 'exists';
    if (present?.status === 'active') return 'active';
    if (status === 'pending' && dependsOn?.some((parent) => !this.ids.has(parent) && !this.table.entries.has(parent)))
      return 'parent';
    if (key !== undefined && status === 'pending') {
      const holder = this.keys.has(key) ? this.keys.get(key) : this.table.keys.get(key)?.id;
      if (holder !== undefined && holder !== id) return 'key';
    }
    this.ids.add(id);
    const freed = present?.extra?.key;
    if (freed !== undefined && this.table.keys.get(freed) === present && !this.keys.has(freed)) {
      this.keys.set(freed, undefined);
    }
    if (key !== undefined && status === 'pending') this.keys.set(key, id);
    return present ? 'replaced' : 'added';
  }
}

/** A job that failed while it waited goes on to wait when it is retried. A parent that did not come along holds it up no more. */
function markWaits(added: readonly AddDraft[], table: JobTable): void {
  const statuses = new Map(added.map(({ job: { id, status } }) => [id, status]));
  const mustEnd = (id: string, policy: ParentPolicy): boolean => {
    const status = statuses.get(id) ?? table.entries.get(id)?.status ?? 'completed';
    return status !== 'completed' && !(status === 'failed' && outlives(policy));
  };
  for (const { job } of added) {
    if (job.status !== 'failed' || !FAILED_WAITING.has(job.run?.reason ?? 'error')) continue;
    const waitingFor = awaitedBy(job).filter((id) => mustEnd(id, policyOf(job)));
    if (waitingFor.length > 0) job.waitingFor = waitingFor;
  }
}

/** A job that is replaced may be waited for by one that it is to wait for. */
function checkCycles(added: readonly AddDraft[], table: JobTable): void {
  const drafts = new Map(added.map((draft) => [draft.job.id, draft]));
  const parentsOf = (id: string): readonly string[] | undefined => {
    const job = drafts.get(id)?.job;
    if (job) return job.status === 'pending' ? awaitedBy(job) : job.waitingFor;
    return [...(table.entries.get(id)?.extra?.waitingFor ?? [])];
  };
  const cycle = findCycle(drafts.keys(), parentsOf);
  if (cycle) throw new CycleError(cycle);
}
