/** Which records an `add` becomes. */
import { v7 as uuidv7 } from 'uuid';
import { CycleError, DuplicateJobError, type Issue, ValidationError } from '../errors';
import type { JobSpec } from '../job';
import type { AddOptions, AddResult } from '../store';
import type { JobTable } from './job-table';
import type { RecordDraft } from './records';
import { isoOf } from './time';
import { type AcceptedSpec, acceptSpecs } from './validate';

/** Random bytes for so many ids are fetched at once: a call for each would cost more than the rest of the id. */
const POOLED_IDS = 256;
const pool = new Uint8Array(POOLED_IDS * 16);
let pooled = 0;

/** A new id: sorts by time, and its date can be read. */
export function newJobId(now: number): string {
  if (pooled === 0) {
    globalThis.crypto.getRandomValues(pool);
    pooled = POOLED_IDS;
  }
  const random = pool.subarray(--pooled * 16, (pooled + 1) * 16);
  return `job_${isoOf(now).slice(0, 10)}_${uuidv7({ msecs: now, random })}`;
}

/** Ids and keys that earlier calls of one commit have taken, before the table knows. */
export class AddOverlay {
  readonly ids = new Set<string>();
  readonly keys = new Map<string, string>();
}

/** The records of one call, and what to answer. */
export interface AddDecision {
  records: RecordDraft[];
  results: AddResult[];
}

/**
 * Decides one atomic add. Nothing is changed but the overlay, and that only on success.
 * @throws ValidationError, DuplicateJobError, CycleError, JobTooLargeError
 */
export function decideAdd(
  table: JobTable,
  overlay: AddOverlay,
  specs: readonly JobSpec[],
  options: AddOptions,
  context: { now: number; maxBytes: number },
): AddDecision {
  const accepted = acceptSpecs(specs, context.maxBytes);
  const own = new AddOverlay();
  const holderOfKey = (key: string): string | undefined =>
    own.keys.get(key) ?? overlay.keys.get(key) ?? table.keys.get(key)?.id;
  const exists = (id: string): boolean => own.ids.has(id) || overlay.ids.has(id) || table.entries.has(id);

  const decision: AddDecision = { records: [], results: [] };
  const fresh: AcceptedSpec[] = [];
  for (const spec of accepted) {
    const { head } = spec;
    if (head.id !== undefined && exists(head.id)) {
      if (options.onDuplicate === 'reject') throw new DuplicateJobError(head.id, 'id', head.id);
      decision.results.push({ id: head.id, added: false });
      continue;
    }
    const holder = head.key === undefined ? undefined : holderOfKey(head.key);
    if (holder !== undefined && head.key !== undefined) {
      if (options.onDuplicate === 'reject') throw new DuplicateJobError(holder, 'key', head.key);
      decision.results.push({ id: holder, added: false });
      continue;
    }
    head.id ??= newJobId(context.now);
    own.ids.add(head.id);
    if (head.key !== undefined) own.keys.set(head.key, head.id);
    // A time that has come already means nothing to wait for.
    if (head.runAt !== undefined && head.runAt <= context.now) delete head.runAt;
    fresh.push(spec);
    decision.records.push({ op: 'add', job: { ...head, id: head.id }, body: spec.body });
    decision.results.push({ id: head.id, added: true });
  }
  checkParents(fresh, accepted, exists);
  for (const id of own.ids) overlay.ids.add(id);
  for (const [key, id] of own.keys) overlay.keys.set(key, id);
  return decision;
}

function checkParents(fresh: AcceptedSpec[], all: AcceptedSpec[], exists: (id: string) => boolean): void {
  const withParents = fresh.filter((spec) => spec.head.dependsOn);
  if (withParents.length === 0) return;
  const issues: Issue[] = [];
  for (const spec of withParents) {
    const at = all.length > 1 ? [all.indexOf(spec)] : [];
    spec.head.dependsOn?.forEach((parent, i) => {
      if (!exists(parent))
        issues.push({ path: [...at, 'dependsOn', i], message: `there is no job ${JSON.stringify(parent)}` });
    });
  }
  if (issues.length > 0) throw new ValidationError('The job', issues);
  const cycle = findCycle(new Map(withParents.map((spec) => [spec.head.id as string, spec.head.dependsOn ?? []])));
  if (cycle) throw new CycleError(cycle);
}

/** A cycle among the new jobs, if there is one: older jobs cannot depend on newer ones. Depth-first, without recursion. */
function findCycle(parents: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const root of parents.keys()) {
    const path: { id: string; next: number }[] = [{ id: root, next: 0 }];
    const onPath = new Set([root]);
    while (path.length > 0) {
      const top = path[path.length - 1] as { id: string; next: number };
      const parent = done.has(top.id) ? undefined : parents.get(top.id)?.[top.next++];
      if (parent === undefined) {
        done.add(top.id);
        onPath.delete(top.id);
        path.pop();
      } else if (onPath.has(parent)) {
        const ids = path.map((step) => step.id);
        return [...ids.slice(ids.indexOf(parent)), parent];
      } else if (parents.has(parent)) {
        path.push({ id: parent, next: 0 });
        onPath.add(parent);
      }
    }
  }
  return undefined;
}
