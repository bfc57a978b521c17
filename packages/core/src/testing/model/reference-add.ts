import type { Job, JobSpec } from '../../job';
import type { AddOptions, AddResult } from '../../store';
import { find, holderOf, iso, type Known, type Reference, Refusal, surely, tell } from './reference';
import { serve } from './reference-claim';

/** `add`: all or none. @param told The store's answer, for the ids that it made up. */
export function add(ref: Reference, specs: JobSpec[], options: AddOptions, told: AddResult[] | undefined): AddResult[] {
  const fresh: { spec: JobSpec; id: string }[] = [];
  const results: AddResult[] = [];
  let duplicate = false;
  for (const [n, spec] of specs.entries()) {
    const holder =
      find(ref, spec.id)?.job.id ??
      fresh.find(({ id }) => id === spec.id)?.id ??
      holderOf(ref, spec.key)?.job.id ??
      fresh.find((other) => spec.key !== undefined && other.spec.key === spec.key)?.id;
    if (holder !== undefined) {
      duplicate = true;
      results.push({ id: holder, added: false });
      continue;
    }
    const id = spec.id ?? newId(ref, told?.[n]?.id);
    fresh.push({ spec, id });
    results.push({ id, added: true });
  }
  // Who depends on a job of the call that was there already, under another id, depends on that one.
  for (const [n, one] of fresh.entries()) {
    const dependsOn = one.spec.dependsOn?.map((parent) => {
      const place = specs.findLastIndex(({ id }) => id === parent);
      return fresh.some(({ id }) => id === parent) ? parent : (results[place]?.id ?? parent);
    });
    if (dependsOn) fresh[n] = { ...one, spec: { ...one.spec, dependsOn } };
  }
  const codes: string[] = [];
  if (duplicate && options.onDuplicate === 'reject') codes.push('DUPLICATE');
  const exists = (id: string): boolean => find(ref, id) !== undefined || fresh.some((other) => other.id === id);
  const orphan = fresh.some(({ spec }) => spec.dependsOn?.some((parent) => !exists(parent)));
  if (orphan) codes.push('INVALID');
  if (!orphan && waitForEachOther(fresh)) codes.push('CYCLE');
  if (codes.length > 0) throw new Refusal(codes);
  for (const { spec, id } of fresh) enter(ref, spec, id);
  serve(ref);
  return results;
}

/** It is there. */
export function enter(ref: Reference, spec: JobSpec, id: string, parent?: string): void {
  const one = newJob(ref, spec, id);
  if (parent !== undefined) one.job.parent = parent;
  ref.known.push(one);
  tell(ref, one, 'added');
}

function newId(ref: Reference, told: string | undefined): string {
  if (told === undefined) return 'an id of the store’s choice';
  const isNew = find(ref, told) === undefined && /^job_\d{4}-\d{2}-\d{2}_[0-9a-f-]{36}$/.test(told);
  return isNew ? told : `a new id like job_2025-01-30_<uuid>, not ${told}`;
}

function newJob(ref: Reference, spec: JobSpec, id: string): Known {
  const parents = [...new Set(spec.dependsOn)];
  const tags = [...new Set(spec.tags)];
  const job: Job = {
    id,
    type: spec.type,
    status: 'pending',
    priority: spec.priority ?? 5,
    created: iso(ref.now),
    updated: iso(ref.now),
    data: spec.data,
    metadata: { retries: 0, progress: 0, logs: [], errors: [] },
    rev: 1,
    attempt: 0,
    maxAttempts: spec.maxAttempts ?? (spec.retryFor === undefined ? 3 : 1_000),
    maxCrashes: spec.maxCrashes ?? 3,
  };
  if (spec.runAt !== undefined && spec.runAt > ref.now) job.runAt = iso(spec.runAt);
  if (spec.backoff) job.backoff = { ...spec.backoff };
  if (spec.timeout !== undefined) job.timeout = spec.timeout;
  if (spec.ageing !== undefined) job.ageing = spec.ageing;
  if (spec.retryFor !== undefined) job.retryFor = spec.retryFor;
  if (spec.expiresAt !== undefined) job.expiresAt = iso(spec.expiresAt);
  if (spec.onCrash && spec.onCrash !== 'resume') job.onCrash = spec.onCrash;
  if (spec.key !== undefined) job.key = spec.key;
  if (parents.length > 0) job.dependsOn = parents;
  if (parents.length > 0 && spec.onParentFailed && spec.onParentFailed !== 'wait') {
    job.onParentFailed = spec.onParentFailed;
  }
  if (tags.length > 0) job.tags = tags;
  return {
    job,
    waitingFor: parents.filter((parent) => find(ref, parent)?.job.status !== 'completed'),
    parentFailed: false,
    failures: 0,
    backoff: false,
    finishedNo: 0,
    spare: 0,
    roomMade: 0,
    unsure: surely({ job }),
  };
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
