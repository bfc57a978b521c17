/**
 * What is compared of a job, and what each call means to it: the state machine in its plainest form.
 *
 * @module
 */
import type { Job, JobChildren, JobSpec, Json, NewChildren, Settlement } from '@leviathan/core';
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
  /** ISO 8601. */
  expiresAt: string | null;
  deadLetter: string | null;
  onCrash: string | null;
  ageing: number | null;
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
  held: boolean;
  skipped: boolean;
  checkpoint: Json;
  /** Their names. */
  steps: readonly string[];
  parent: string | null;
  children: readonly JobChildren[];
  options: SeenOptions;
}

/** {@link Seen} as a text, its keys in their order, that is compared at once. */
export type SeenText = string;

export function seenText(seen: Seen): SeenText {
  const { status, attempt, priority, data, result, reason, cancelling, skipped, checkpoint, steps, options } = seen;
  const { held, parent, children } = seen;
  const rest = { held, checkpoint, steps, parent, children, options };
  // While it waits time makes it better, whoever looks at it; what it had become counts once it is claimed.
  const settled = status === 'pending' && options.ageing !== null ? null : priority;
  return JSON.stringify({ status, attempt, priority: settled, data, result, reason, cancelling, skipped, ...rest });
}

/** The options of a job, as it was added or as a store shows it. */
export function optionsOf(job: JobSpec | Job): SeenOptions {
  const { maxAttempts, maxCrashes } = { ...JOB_DEFAULTS, ...job };
  const { type, tags = [], key = null, dependsOn = [], timeout = null, backoff = null } = job;
  const onParentFailed = job.onParentFailed === 'wait' ? null : (job.onParentFailed ?? null);
  const onCrash = job.onCrash === 'resume' ? null : (job.onCrash ?? null);
  const expiresAt = job.expiresAt === undefined ? null : new Date(job.expiresAt).toISOString();
  const rest = {
    maxAttempts,
    maxCrashes,
    expiresAt,
    deadLetter: job.deadLetter ?? null,
    onCrash,
    ageing: job.ageing ?? null,
  };
  return { type, tags, key, dependsOn, onParentFailed, timeout, backoff, ...rest };
}

/** A pause, which is kept as if it were a job. */
export const PAUSE: JobSpec = { type: '', data: false };

/** A job that was just added, by a producer or by another job. */
export function fresh(spec: JobSpec, parent: string | null = null): Seen {
  const { data, priority = JOB_DEFAULTS.priority } = spec;
  const rest = { result: null, reason: null, cancelling: false, held: false, skipped: false };
  const family = { checkpoint: null, steps: [], parent, children: [] };
  return { status: 'pending', attempt: 0, priority, data: data as Json, ...rest, ...family, options: optionsOf(spec) };
}

/** After an attempt ended so. */
export function settled(seen: Seen, settlement: Settlement, maxAttempts: number): Seen {
  const ended = { ...seen, cancelling: false };
  if (settlement.outcome === 'completed') return { ...ended, status: 'completed', result: settlement.result ?? null };
  if (settlement.outcome === 'released') return released(seen);
  if (settlement.outcome === 'waiting') return awaiting(seen, settlement.children);
  const { retryIn, reason } = settlement;
  if (seen.cancelling) return { ...ended, status: 'failed', reason: 'cancelled' };
  if (retryIn === undefined || seen.attempt >= maxAttempts) return { ...ended, status: 'failed', reason };
  return { ...ended, status: 'pending' };
}

/** It waits for jobs that it added. */
function awaiting(seen: Seen, { name, jobs, onChildFailed }: NewChildren): Seen {
  if (seen.cancelling) return released(seen);
  const policy = onChildFailed === undefined || onChildFailed === 'wait' ? {} : { onChildFailed };
  const group: JobChildren = { name, ids: jobs.map(({ id }) => id as string), ...policy };
  return { ...released(seen), children: [...seen.children, group] };
}

/** The jobs that it waits for: what it added last, once it has run. */
export function waitsFor({ options, children }: Seen): readonly string[] {
  return children.at(-1)?.ids ?? options.dependsOn;
}

/** Its worker gave it back. */
export function released(seen: Seen): Seen {
  if (seen.cancelling) return { ...seen, cancelling: false, status: 'failed', reason: 'cancelled' };
  return { ...seen, status: 'pending', attempt: seen.attempt - 1 };
}

/** Somebody cancelled it. */
export function cancelled(seen: Seen): Seen {
  if (seen.status === 'active') return { ...seen, cancelling: true };
  return { ...seen, status: 'failed', reason: 'cancelled', held: false };
}

/** Somebody wants it to run again. */
export function retried(seen: Seen): Seen {
  if (seen.status !== 'failed') return { ...seen, held: false };
  const options = seen.reason === 'expired' ? { ...seen.options, expiresAt: null } : seen.options;
  return { ...seen, status: 'pending', attempt: 0, result: null, reason: null, options };
}

/** Its process died while it ran. */
export function crashed(seen: Seen): Seen {
  if (seen.cancelling) return { ...seen, cancelling: false, status: 'failed', reason: 'cancelled' };
  if (seen.options.onCrash === 'fail') return { ...seen, status: 'failed', reason: 'crashed' };
  return { ...seen, status: 'pending', held: seen.options.onCrash === 'hold' };
}

/** If it still waits at this time (epoch milliseconds), and that is too long. */
export function expired(seen: Seen, now: number): Seen {
  const { expiresAt } = seen.options;
  if (seen.status !== 'pending' || expiresAt === null || Date.parse(expiresAt) > now) return seen;
  return { ...seen, status: 'failed', reason: 'expired', held: false };
}

/** An add with the same key is taken up by this job. */
export function takenUp(seen: Seen, { data, priority = JOB_DEFAULTS.priority, unique, ...spec }: JobSpec): Seen {
  if (unique === 'merge') return { ...seen, data: [...(seen.data as Json[]), ...(data as Json[])] };
  const { tags, timeout, backoff, maxAttempts, expiresAt } = optionsOf({ data, ...spec });
  return { ...seen, data, priority, options: { ...seen.options, tags, timeout, backoff, maxAttempts, expiresAt } };
}

/** A parent of it failed, or left; undefined: it goes on, or waits on. */
export function orphaned(seen: Seen, parentLeft: boolean): Seen | undefined {
  if (seen.status !== 'pending') return undefined;
  const group = seen.children.at(-1);
  const onParentFailed = group ? (group.onChildFailed ?? null) : seen.options.onParentFailed;
  if (onParentFailed === 'skip') return { ...seen, status: 'completed', skipped: true };
  if (onParentFailed === 'fail' || (parentLeft && onParentFailed === null)) {
    return { ...seen, status: 'failed', reason: 'dependency' };
  }
  return undefined;
}

/** As a store shows it that is opened later than everything. */
export function opened(seen: Seen): Seen {
  return expired(seen, Number.POSITIVE_INFINITY);
}

/** As a store takes it over that knows its file alone. */
export function adopted(seen: Seen): Seen {
  return seen.status === 'active' ? { ...crashed({ ...seen, cancelling: false }), held: false } : seen;
}

/** The job that takes up an add with this key: the one that runs after its holder, else the holder. */
export function takerOf<Job extends { seen: Seen }>(
  jobs: readonly [id: string, job: Job][],
  key: string,
): [id: string, job: Job] | undefined {
  const all = jobs.filter(([, { seen }]) => seen.options.key === key && /^(pending|active)$/.test(seen.status));
  return all.find(([, { seen }]) => all.some(([id]) => seen.options.dependsOn.includes(id))) ?? all[0];
}
