/** A job as it must be, as far as its calls tell. */
import type { CrashPolicy, JobSpec, JobStatus, Json, ParentPolicy, Settlement } from '@leviathan/core';

/** One job, as far as it is known. */
export interface ExpectedJob {
  id: string;
  data: Json;
  /** Undefined: it was moved next to another, or becomes better by waiting. */
  priority: number | undefined;
  ages: boolean;
  tags: string[];
  statuses: Set<JobStatus>;
  attempts: Set<number>;
  /** What a completed one has. */
  result: Json | undefined;
  checkpoint: Json | undefined;
  /** It may not be there (any more): nobody was told which. */
  mayLack: boolean;
  cancelling: boolean;
  /** Which store's worker holds it, and its name. */
  holder: number | undefined;
  worker: string | undefined;
  onCrash: CrashPolicy;
  /** Where it is pending it fails once it has waited too long. */
  mayExpire: boolean;
  leavesLetter: boolean;
  dependsOn: string[];
  onParentFailed: ParentPolicy;
  /** It ended, or was to end, for want of a parent. */
  isOrphaned: boolean;
}

/** It was added. */
export function jobOf(spec: JobSpec, mayLack: boolean): ExpectedJob {
  return {
    id: spec.id as string,
    data: spec.data,
    priority: spec.ageing === undefined ? (spec.priority ?? 5) : undefined,
    ages: spec.ageing !== undefined,
    tags: spec.tags ?? [],
    statuses: new Set(['pending']),
    attempts: new Set([0]),
    result: undefined,
    checkpoint: undefined,
    mayLack,
    cancelling: false,
    ...{ holder: undefined, worker: undefined, onCrash: spec.onCrash ?? 'resume' },
    ...{ mayExpire: spec.expiresAt !== undefined, leavesLetter: spec.deadLetter !== undefined },
    dependsOn: spec.dependsOn ?? [],
    onParentFailed: spec.onParentFailed ?? 'wait',
    isOrphaned: false,
  };
}

/** After an attempt ended so. */
export function outcomeOf(
  { attempts, result, cancelling }: ExpectedJob,
  settlement: Settlement,
  told: JobStatus | undefined,
): Pick<ExpectedJob, 'statuses' | 'attempts' | 'result'> {
  if (settlement.outcome === 'completed')
    return { statuses: new Set(['completed']), attempts, result: settlement.result };
  if (settlement.outcome === 'released' || settlement.outcome === 'waiting') {
    const back = new Set([...attempts].map((attempt) => attempt - 1));
    return cancelling
      ? { statuses: new Set(['failed']), attempts, result }
      : { statuses: new Set(['pending']), attempts: back, result };
  }
  return { statuses: new Set(told ? [told] : ['pending', 'failed']), attempts, result };
}
