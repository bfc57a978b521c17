import type { JobSpec } from '../../job';
import type { AddOptions, AddResult } from '../../store';
import { find, type Known, type Reference, Refusal, tell } from './reference';
import { serve } from './reference-claim';
import { enter } from './reference-new';
import { keyed, outcomeOf } from './reference-unique';
import { isStoreId } from './unnamed';

/** `add`: all or none. @param told The store's answer, for the ids that it made up. */
export function add(ref: Reference, specs: JobSpec[], options: AddOptions, told: AddResult[] | undefined): AddResult[] {
  // On a copy, which counts if nothing is refused.
  const on = structuredClone(ref);
  const results: AddResult[] = [];
  const fresh: { spec: JobSpec; id: string }[] = [];
  for (const [n, spec] of specs.entries()) {
    const { result, added } = addOne(on, spec, options, told?.[n]);
    results.push(result);
    if (added) fresh.push({ spec: added, id: result.id });
  }
  // Who depends on a job of the call that was there already, under another id, depends on that one.
  for (const one of fresh) {
    const dependsOn = one.spec.dependsOn?.map((parent) => {
      const place = specs.findLastIndex(({ id }) => id === parent);
      return fresh.some(({ id }) => id === parent) ? parent : (results[place]?.id ?? parent);
    });
    if (dependsOn) one.spec = { ...one.spec, dependsOn };
  }
  const orphan = fresh.some(({ spec }) => spec.dependsOn?.some((parent) => !find(on, parent)));
  if (orphan) throw new Refusal(['INVALID']);
  if (waitForEachOther(fresh)) throw new Refusal(['CYCLE']);
  for (const { spec, id } of fresh) waitForParents(find(on, id) as Known, on, spec);
  serve(on);
  Object.assign(ref, on);
  return results;
}

/** One after the other. `added`: the new job, if there is one, as it is to be. */
function addOne(
  ref: Reference,
  spec: JobSpec,
  { onDuplicate }: AddOptions,
  told: AddResult | undefined,
): { result: AddResult; added?: JobSpec } {
  const there =
    find(ref, spec.id) ?? ref.known.find(({ absorbed }) => spec.id !== undefined && absorbed.includes(spec.id));
  if (there) {
    if (onDuplicate === 'reject') throw new Refusal(['DUPLICATE']);
    const outcome = there.job.id === spec.id ? undefined : outcomeOf(spec.unique);
    return { result: { id: there.job.id, added: false, ...(outcome && { outcome }) } };
  }
  const mode = spec.unique ?? (onDuplicate === 'reject' ? 'reject' : 'keep');
  const verdict = spec.key === undefined ? { spec } : keyed(ref, spec, mode, told);
  if ('result' in verdict) return verdict;
  const id = spec.id ?? newId(ref, told?.id);
  tell(ref, enter(ref, verdict.spec, id), 'added');
  for (const window of ref.windows) if (window.id === '') window.id = id;
  const { outcome } = verdict;
  return { result: { id, added: true, ...(outcome && { outcome }) }, added: verdict.spec };
}

function newId(ref: Reference, told: string | undefined): string {
  if (told === undefined) return 'an id of the store’s choice';
  const isNew = find(ref, told) === undefined && isStoreId(told);
  return isNew ? told : `a new id like job_2025-01-30_<uuid>, not ${told}`;
}

/** They may stand behind it in its batch, or under another id. */
function waitForParents(one: Known, ref: Reference, spec: JobSpec): void {
  const parents = [...new Set(spec.dependsOn)];
  if (parents.length === 0) return;
  one.job.dependsOn = parents;
  one.waitingFor = parents.filter((parent) => find(ref, parent)?.job.status !== 'completed');
}

/** Takes away, again and again, what depends on nothing of the batch: what stays is a cycle, or depends on one. */
function waitForEachOther(batch: { spec: JobSpec; id: string }[]): boolean {
  let left = batch;
  for (;;) {
    const ids = left.map(({ id }) => id);
    const next = left.filter(({ spec }) => spec.dependsOn?.some((parent) => ids.includes(parent)));
    if (next.length === left.length) return left.length > 0;
    left = next;
  }
}
