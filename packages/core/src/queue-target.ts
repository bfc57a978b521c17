/**
 * The jobs that a change is for, and what its result means for a single one.
 *
 * @module
 */
import { JobNotFoundError, JobStateError } from './errors';
import type { ChangeRequest, ChangeResult, JobFilter } from './store';

/** One job, several, or all that a filter finds. */
export type ChangeTarget = string | readonly string[] | { filter: JobFilter };

/** Options of every change. */
export interface ChangeOptions {
  /** Count what would change, and change nothing. */
  dryRun?: boolean;
  /** Who asks, for the audit trail. */
  by?: string;
}

/** A target as a store takes it. */
export function toTarget(target: ChangeTarget): ChangeRequest['target'] {
  if (typeof target === 'string') return { ids: [target] };
  return isList(target) ? { ids: [...target] } : { filter: target.filter };
}

/** `Array.isArray` does not narrow lists that are readonly. */
function isList(target: readonly string[] | { filter: JobFilter }): target is readonly string[] {
  return Array.isArray(target);
}

/**
 * Who names one job wants that one changed: a skip becomes an error. A job that stands already as asked (`unchanged`: cancelled twice,
 * say) is no error, and a dry run only tells.
 * @throws JobNotFoundError, JobStateError
 */
export function assertChanged(target: ChangeTarget, result: ChangeResult): void {
  if (typeof target !== 'string' || result.dryRun) return;
  for (const { reason, message } of result.skipped) {
    if (reason === 'not-found' || reason === 'removed') throw new JobNotFoundError(target);
    if (reason !== 'unchanged') throw new JobStateError(target, message);
  }
}
