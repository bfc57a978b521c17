import type { Job, JobSpec } from '../../job';
import { find, iso, type Known, type Reference, surely } from './reference';

/** It is there, and nobody was told yet. Parents that come later in its batch are not known here. */
export function enter(ref: Reference, spec: JobSpec, id: string): Known {
  const one = newJob(ref, spec, id);
  ref.known.push(one);
  return one;
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
  if (spec.deadLetter !== undefined) job.deadLetter = spec.deadLetter;
  if (spec.onCrash && spec.onCrash !== 'resume') job.onCrash = spec.onCrash;
  if (spec.key !== undefined) job.key = spec.key;
  if (parents.length > 0) job.dependsOn = parents;
  if (parents.length > 0 && spec.onParentFailed && spec.onParentFailed !== 'wait') {
    job.onParentFailed = spec.onParentFailed;
  }
  if (tags.length > 0) job.tags = tags;
  return {
    job,
    number: ++ref.added,
    waitingFor: parents.filter((parent) => find(ref, parent)?.job.status !== 'completed'),
    absorbed: [],
    parentFailed: false,
    failures: 0,
    backoff: false,
    finishedNo: 0,
    isBack: false,
    spare: 0,
    roomMade: 0,
    unsure: surely({ job }),
  };
}
