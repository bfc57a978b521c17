/** Which records an `add` becomes. */
import { CycleError, DuplicateJobError, type Issue, ValidationError } from '../errors';
import type { AddOptions, AddResult } from '../store';
import { newJobId } from './job-id';
import type { JobTable } from './job-table';
import type { AddDraft, JobHead } from './records';
import type { AcceptedSpec } from './validate';

/** Ids and keys that the jobs of one commit take, before the table knows. Jobs that nobody named need not be in it. */
export class AddOverlay {
  private ids: Set<string> | undefined;
  private keys: Map<string, string> | undefined;

  hasId(id: string): boolean {
    return this.ids?.has(id) ?? false;
  }

  /** Who takes the key. */
  holderOf(key: string): string | undefined {
    return this.keys?.get(key);
  }

  takeId(id: string): void {
    this.ids ??= new Set();
    this.ids.add(id);
  }

  takeKey(key: string, id: string): void {
    this.keys ??= new Map();
    this.keys.set(key, id);
  }

  /** The call that these are of was refused. */
  giveBack(records: readonly AddDraft[]): void {
    for (const { job } of records) {
      this.ids?.delete(job.id);
      if (job.key !== undefined) this.keys?.delete(job.key);
    }
  }
}

/** The records of one call, and what to answer. */
export interface AddDecision {
  records: AddDraft[];
  results: AddResult[];
}

/**
 * Decides one atomic add. Nothing is changed but the overlay, and that only on success.
 * @throws DuplicateJobError, ValidationError, CycleError
 */
export function decideAdd(
  table: JobTable,
  overlay: AddOverlay,
  specs: readonly AcceptedSpec[],
  { onDuplicate, isRepeated = false }: AddOptions,
  now: number,
): AddDecision {
  const records: AddDraft[] = [];
  const results: AddResult[] = [];
  /** Ids of jobs that were there already, under another one. */
  let known: Map<string, string> | undefined;
  try {
    let hasParents = false;
    for (const { draft, isNamed } of specs) {
      const { job } = draft;
      if (job.id === '') job.id = newJobId(now);
      const { id, key } = job;
      const mayExist = isNamed || isRepeated;
      const holder = mayExist || key !== undefined ? holderOf(table, overlay, job, mayExist) : undefined;
      if (holder !== undefined) {
        if (onDuplicate === 'reject') throw duplicateOf(holder, id, key);
        results.push({ id: holder, added: false });
        if (holder !== id) known = (known ?? new Map()).set(id, holder);
        continue;
      }
      if (isNamed) overlay.takeId(id);
      if (key !== undefined) overlay.takeKey(key, id);
      if (job.dependsOn) hasParents = true;
      // A time that has come already means nothing to wait for.
      if (job.runAt !== undefined && job.runAt <= now) delete job.runAt;
      records.push(draft);
      results.push({ id, added: true });
    }
    if (hasParents) {
      const added = new Set(records.map(({ job }) => job.id));
      if (known) useKnown(records, added, known);
      checkParents(records, specs, (id) => added.has(id) || overlay.hasId(id) || table.entries.has(id));
    }
  } catch (error) {
    overlay.giveBack(records);
    throw error;
  }
  return { records, results };
}

/** The job that has this id or key already; undefined: nobody. */
function holderOf(table: JobTable, overlay: AddOverlay, { id, key }: JobHead, mayExist: boolean): string | undefined {
  if (mayExist && (table.entries.has(id) || overlay.hasId(id))) return id;
  return key === undefined ? undefined : (overlay.holderOf(key) ?? table.keys.get(key)?.id);
}

function duplicateOf(holder: string, id: string, key: string | undefined): DuplicateJobError {
  return holder === id || key === undefined
    ? new DuplicateJobError(holder, 'id', id)
    : new DuplicateJobError(holder, 'key', key);
}

/** Who depends on a job of this call that turned out to be there already depends on that one. */
function useKnown(records: readonly AddDraft[], added: ReadonlySet<string>, known: ReadonlyMap<string, string>): void {
  const meant = (id: string): string => (added.has(id) ? id : (known.get(id) ?? id));
  for (const { job } of records) if (job.dependsOn) job.dependsOn = [...new Set(job.dependsOn.map(meant))];
}

function checkParents(
  records: readonly AddDraft[],
  specs: readonly AcceptedSpec[],
  exists: (id: string) => boolean,
): void {
  const issues: Issue[] = [];
  const parents = new Map<string, string[]>();
  for (const { job } of records) {
    if (!job.dependsOn) continue;
    parents.set(job.id, job.dependsOn);
    const at = specs.length > 1 ? [specs.findIndex(({ draft }) => draft.job === job)] : [];
    job.dependsOn.forEach((parent, i) => {
      if (!exists(parent))
        issues.push({ path: [...at, 'dependsOn', i], message: `there is no job ${JSON.stringify(parent)}` });
    });
  }
  if (issues.length > 0) throw new ValidationError('The job', issues);
  // Older jobs cannot depend on newer ones.
  const cycle = findCycle(parents.keys(), (id) => parents.get(id));
  if (cycle) throw new CycleError(cycle);
}

/** A cycle that one of these jobs is in or waits for, if there is one. Depth-first, without recursion. */
export function findCycle(
  roots: Iterable<string>,
  parentsOf: (id: string) => readonly string[] | undefined,
): string[] | undefined {
  const done = new Set<string>();
  for (const root of roots) {
    const path: { id: string; next: number }[] = [{ id: root, next: 0 }];
    const onPath = new Set([root]);
    while (path.length > 0) {
      const top = path[path.length - 1] as { id: string; next: number };
      const parent = done.has(top.id) ? undefined : parentsOf(top.id)?.[top.next++];
      if (parent === undefined) {
        done.add(top.id);
        onPath.delete(top.id);
        path.pop();
      } else if (onPath.has(parent)) {
        const ids = path.map((step) => step.id);
        return [...ids.slice(ids.indexOf(parent)), parent];
      } else if (parentsOf(parent)) {
        path.push({ id: parent, next: 0 });
        onPath.add(parent);
      }
    }
  }
  return undefined;
}
