/** Which records an `add` becomes. */
import { CycleError, DuplicateJobError, type Issue, ValidationError } from '../errors';
import type { AddOptions, AddResult } from '../store';
import type { UniqueRule } from './checker';
import { decideUnique, holderOf, holderToBe, type KeyState, outcomeOf } from './decide-unique';
import type { BodySource } from './entry';
import { newJobId } from './job-id';
import type { JobTable } from './job-table';
import type { RecordDraft } from './records';
import type { AcceptedSpec } from './validate';

/** What the jobs of one commit take, before the table knows. Jobs that nobody named need not be in it. */
export class AddOverlay {
  /** Ids that are taken, and to which job each leads. */
  private ids: Map<string, string> | undefined;
  private keys: Map<string, KeyState> | undefined;
  /** The first jobs of windows that are opened now, by their keys. */
  private windows: Map<string, string> | undefined;
  private undo: (() => void)[] = [];

  /** Another call follows: it can be taken back without those before it. */
  begin(): void {
    if (this.undo.length > 0) this.undo = [];
  }

  /** The call was refused. */
  giveBack(): void {
    for (const undo of this.undo.reverse()) undo();
    this.undo = [];
  }

  /** The job that an id leads to: its own, or one that took its data. */
  jobOf(id: string): string | undefined {
    return this.ids?.get(id);
  }

  stateOf(key: string): KeyState | undefined {
    return this.keys?.get(key);
  }

  firstOf(key: string): string | undefined {
    return this.windows?.get(key);
  }

  takeId(id: string, job: string): void {
    this.ids ??= new Map();
    this.set(this.ids, id, job);
  }

  takeKey(key: string, state: KeyState): void {
    this.keys ??= new Map();
    this.set(this.keys, key, state);
  }

  openWindow(key: string, job: string): void {
    this.windows ??= new Map();
    this.set(this.windows, key, job);
  }

  private set<Value>(map: Map<string, Value>, name: string, value: Value): void {
    const before = map.get(name);
    this.undo.push(() => (before === undefined ? map.delete(name) : map.set(name, before)));
    map.set(name, value);
  }
}

/** The records of one call, and what to answer. */
export interface AddDecision {
  records: RecordDraft[];
  results: AddResult[];
}

/** Everything a decision may look at. */
export interface AddContext {
  table: JobTable;
  bodies: BodySource;
  now: number;
  maxBytes: number;
}

/**
 * Decides one atomic add. Nothing is changed but the overlay, and that only on success.
 * @throws DuplicateJobError, ValidationError, CycleError, JobTooLargeError
 */
export function decideAdd(
  context: AddContext,
  overlay: AddOverlay,
  specs: readonly AcceptedSpec[],
  options: AddOptions,
): AddDecision {
  const { table } = context;
  const records: RecordDraft[] = [];
  const results: AddResult[] = [];
  overlay.begin();
  /** Ids of jobs that were there already, under another one. */
  const known = new Map<string, string>();
  const answer = (id: string, result: AddResult): void => {
    results.push(result);
    if (result.id !== id) known.set(id, result.id);
  };
  try {
    let hasParents = false;
    for (const spec of specs) {
      const { job } = spec.draft;
      const mayExist = spec.isNamed || options.isRepeated === true;
      const mayRepeat = job.id !== '';
      if (!mayRepeat) job.id = newJobId(context.now);
      const existing = mayExist ? knownJob(table, overlay, job.id) : undefined;
      if (existing !== undefined) {
        if (options.onDuplicate === 'reject') throw new DuplicateJobError(existing, 'id', job.id);
        const outcome = existing !== job.id && spec.unique && outcomeOf(spec.unique.mode);
        answer(job.id, { id: existing, added: false, ...outcome });
        continue;
      }
      // A time that has come already means nothing to wait for.
      if (job.runAt !== undefined && job.runAt <= context.now) delete job.runAt;
      if (job.key !== undefined) {
        const rule = spec.unique ?? { mode: options.onDuplicate === 'reject' ? 'reject' : 'keep' };
        const result = addToKey(context, overlay, { ...spec, key: job.key, rule, mayRepeat }, records);
        if (result) {
          answer(job.id, result);
          continue;
        }
      }
      if (spec.isNamed) overlay.takeId(job.id, job.id);
      if (job.dependsOn) hasParents = true;
      records.push(spec.draft);
      results.push({ id: job.id, added: true });
    }
    if (hasParents) {
      const added = new Set(records.flatMap((record) => (record.op === 'add' ? [record.job.id] : [])));
      if (known.size > 0) useKnown(records, added, known);
      checkParents(records, specs, (id) => added.has(id) || overlay.jobOf(id) === id || table.entries.has(id));
    }
  } catch (error) {
    overlay.giveBack();
    throw error;
  }
  return { records, results };
}

/** The job that an id leads to; undefined: none yet. */
function knownJob(table: JobTable, overlay: AddOverlay, id: string): string | undefined {
  return table.entries.has(id) ? id : (overlay.jobOf(id) ?? table.keys.absorberOf(id)?.id);
}

type KeyedAdd = AcceptedSpec & { key: string; rule: UniqueRule; mayRepeat: boolean };

/** Lets the holder of the key decide; undefined: there is none, and the job is to be added. */
function addToKey(
  { table, bodies, now, maxBytes }: AddContext,
  overlay: AddOverlay,
  add: KeyedAdd,
  records: RecordDraft[],
): AddResult | undefined {
  const { draft, key, rule, isNamed } = add;
  const { job } = draft;
  if (rule.mode === 'throttle') {
    const first = overlay.firstOf(key) ?? table.keys.windows.firstOf(key, now);
    if (first !== undefined) return { id: first, added: false, ...outcomeOf('throttle') };
  }
  const state = overlay.stateOf(key) ?? stateOf(table, key, bodies);
  if (state) {
    const decision = decideUnique(add, state, { now, maxBytes });
    const { result } = decision;
    if (decision.records.length > 0) {
      records.push(...decision.records);
      overlay.takeKey(key, decision.state);
    }
    if (isNamed && decision.records.length > 0) overlay.takeId(job.id, result.id);
    return result;
  }
  if (rule.mode === 'debounce') job.runAt = now + rule.wait;
  if (rule.mode === 'throttle') {
    job.throttle = rule.wait;
    overlay.openWindow(key, job.id);
  }
  overlay.takeKey(key, { holder: holderToBe(draft, now) });
  return undefined;
}

function stateOf(table: JobTable, key: string, bodies: BodySource): KeyState | undefined {
  const holder = table.keys.get(key);
  if (!holder) return undefined;
  const follower = table.keys.followerOf(key);
  return { holder: holderOf(holder, bodies), follower: follower && holderOf(follower, bodies) };
}

/** Who depends on a job of this call that turned out to be there already depends on that one. */
function useKnown(
  records: readonly RecordDraft[],
  added: ReadonlySet<string>,
  known: ReadonlyMap<string, string>,
): void {
  const meant = (id: string): string => (added.has(id) ? id : (known.get(id) ?? id));
  for (const record of records) {
    if (record.op !== 'add' || !record.job.dependsOn) continue;
    record.job.dependsOn = [...new Set(record.job.dependsOn.map(meant))];
  }
}

function checkParents(
  records: readonly RecordDraft[],
  specs: readonly AcceptedSpec[],
  exists: (id: string) => boolean,
): void {
  const issues: Issue[] = [];
  const parents = new Map<string, string[]>();
  for (const record of records) {
    if (record.op !== 'add' || !record.job.dependsOn) continue;
    const { job } = record;
    const dependsOn = job.dependsOn as string[];
    parents.set(job.id, dependsOn);
    const at = specs.length > 1 ? [specs.findIndex(({ draft }) => draft.job === job)] : [];
    dependsOn.forEach((parent, i) => {
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
