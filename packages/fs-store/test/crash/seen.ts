/**
 * What is compared of a job, and what each call means to it: the state machine in its plainest form.
 *
 * @module
 */
import type { Job, JobSpec, Json, Settlement } from '@leviathan/core';
import { JOB_DEFAULTS } from '@leviathan/core/engine';

/** What a job was added with besides its data and priority; what was left out, with its default. */
export interface SeenOptions {
  type: string;
  tags: readonly string[];
  key: string | null;
  dependsOn: readonly string[];
  onParentFailed: string | null;
  timeout: number | null;
  backoff: unknown;
  maxAttempts: number;
  maxCrashes: number;
}

/** What is compared of a job. */
export interface Seen {
  status: Job['status'];
  attempt: number;
  priority: number;
  data: Json;
  result: Json;
  reason: string | null;
  cancelling: boolean;
  skipped: boolean;
  checkpoint: Json;
  /** Their names. */
  steps: readonly string[];
  options: SeenOptions;
}

/** {@link Seen} as a text, its keys in their order, that is compared at once. */
export type SeenText = string;

export function seenText(seen: Seen): SeenText {
  const { status, attempt, priority, data, result, reason, cancelling, skipped, checkpoint, steps, options } = seen;
  const rest = { checkpoint, steps, options };
  return JSON.stringify({ status, attempt, priority, data, result, reason, cancelling, skipped, ...rest });
}

/** The options of a job, as it was added or as a store shows it. */
export function optionsOf(job: JobSpec | Job): SeenOptions {
  const { maxAttempts, maxCrashes } = { ...JOB_DEFAULTS, ...job };
  const { type, tags = [], key = null, dependsOn = [], timeout = null, backoff = null } = job;
  const onParentFailed = job.onParentFailed === 'wait' ? null : (job.onParentFailed ?? null);
  return { type, tags, key, dependsOn, onParentFailed, timeout, backoff, maxAttempts, maxCrashes };
}

/** A pause, which is kept as if it were a job. */
export const PAUSE: JobSpec = { type: '', data: false };

/** A job that was just added. */
export function fresh(spec: JobSpec): Seen {
  const { data, priority = JOB_DEFAULTS.priority } = spec;
  const rest = { result: null, reason: null, cancelling: false, skipped: false, checkpoint: null, steps: [] };
  return { status: 'pending', attempt: 0, priority, data: data as Json, ...rest, options: optionsOf(spec) };
}

/** After an attempt ended so. */
export function settled(seen: Seen, settlement: Settlement, maxAttempts: number): Seen {
  const ended = { ...seen, cancelling: false };
  if (settlement.outcome === 'completed') return { ...ended, status: 'completed', result: settlement.result ?? null };
  if (settlement.outcome === 'released') return released(seen);
  const { retryIn, reason } = settlement;
  if (seen.cancelling) return { ...ended, status: 'failed', reason: 'cancelled' };
  if (retryIn === undefined || seen.attempt >= maxAttempts) return { ...ended, status: 'failed', reason };
  return { ...ended, status: 'pending' };
}

/** Its worker gave it back. */
export function released(seen: Seen): Seen {
  if (seen.cancelling) return { ...seen, cancelling: false, status: 'failed', reason: 'cancelled' };
  return { ...seen, status: 'pending', attempt: seen.attempt - 1 };
}

/** Somebody cancelled it. */
export function cancelled(seen: Seen): Seen {
  if (seen.status === 'active') return { ...seen, cancelling: true };
  return { ...seen, status: 'failed', reason: 'cancelled' };
}

/** Somebody wants it to run again. */
export function retried(seen: Seen): Seen {
  if (seen.status !== 'failed') return seen;
  return { ...seen, status: 'pending', attempt: 0, result: null, reason: null };
}

/** A parent of it failed, or left; undefined: it goes on, or waits on. */
export function orphaned(seen: Seen, parentLeft: boolean): Seen | undefined {
  if (seen.status !== 'pending') return undefined;
  const { onParentFailed } = seen.options;
  if (onParentFailed === 'skip') return { ...seen, status: 'completed', skipped: true };
  if (onParentFailed === 'fail' || (parentLeft && onParentFailed === null)) {
    return { ...seen, status: 'failed', reason: 'dependency' };
  }
  return undefined;
}
