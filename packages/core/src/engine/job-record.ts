/**
 * Whole jobs that somebody wrote, field by field: a person, another program, another store.
 *
 * @module
 */
import { type Issue, ValidationError } from '../errors';
import { FAILURE_REASONS, JOB_KEYS, JOB_OPTION_KEYS, JOB_STATUSES, type Job, type JobSpec, type Json } from '../job';
import { isObject, type JsonObject } from '../json';
import { checkChildren, checkMetadata, isTime, wholeNumber } from './job-checks';
import { isSafeId } from './safe-id';
import { isoOf } from './time';
import { acceptSpecs, JOB_DEFAULTS } from './validate';

/** A job, and its options as `add` takes them. */
export interface ParsedJob {
  job: Job;
  spec: JobSpec;
}

/**
 * Reads a job. Fields that were left out have their defaults.
 * @param now When it was created if it does not tell, in epoch milliseconds.
 * @param maxBytes Largest JSON text of the data.
 * @throws JobTooLargeError
 */
export function parseJob(raw: JsonObject, now: number, maxBytes: number): ParsedJob | { issues: Issue[] } {
  const issues = faultsOf(raw);
  const spec = specOf(raw);
  // A job that was tried may have to wait for its next attempt until after it has expired; a new one may not ask for that.
  const { runAt: _checked, ...options } = spec;
  try {
    acceptSpecs([options], maxBytes);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    issues.push(...error.issues);
  }
  return issues.length > 0 ? { issues } : { job: jobOf(raw, spec, now), spec };
}

const TIMES = ['created', 'updated', 'runAt', 'expiresAt', 'agedAt', 'started', 'finished'] as const;

const KNOWN_KEYS: ReadonlySet<string> = new Set<string>(JOB_KEYS);

/** Checks of the fields that `acceptSpecs` does not look at; each answers what the value must be, if it is not. */
const CHECKS: Partial<Record<keyof Job, (value: Json) => string | undefined>> = {
  ...Object.fromEntries(TIMES.map((key) => [key, isTime])),
  rev: wholeNumber,
  attempt: wholeNumber,
  status: (value) =>
    (JOB_STATUSES as readonly unknown[]).includes(value) ? undefined : `must be one of ${JOB_STATUSES.join(', ')}`,
  order: (value) => (typeof value === 'number' ? undefined : 'must be a number'),
  parent: (value) => (isSafeId(value) ? undefined : 'must be the id of a job'),
  worker: (value) => (typeof value === 'string' ? undefined : 'must be a text'),
  cancelling: trueOrFalse,
  held: trueOrFalse,
  skipped: trueOrFalse,
  deadLetterOf: isOrigin,
  reason: (value) =>
    (FAILURE_REASONS as readonly unknown[]).includes(value)
      ? undefined
      : `must be one of ${FAILURE_REASONS.join(', ')}`,
};

function isOrigin(value: Json): string | undefined {
  const { id, type, reason } = isObject(value) ? value : {};
  const isIt = isSafeId(id) && typeof type === 'string' && (FAILURE_REASONS as readonly unknown[]).includes(reason);
  return isIt ? undefined : 'must be { id, type, reason } of a job';
}

function trueOrFalse(value: Json): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

function faultsOf(raw: JsonObject): Issue[] {
  const issues: Issue[] = [];
  for (const [key, value] of Object.entries(raw)) {
    const message = KNOWN_KEYS.has(key) ? CHECKS[key as keyof Job]?.(value) : 'is no field of a job';
    if (message !== undefined) issues.push({ path: [key], message });
  }
  if (raw.type === undefined) issues.push({ path: ['type'], message: 'is missing' });
  if (raw.data === undefined) issues.push({ path: ['data'], message: 'is missing' });
  if (raw.metadata !== undefined) issues.push(...checkMetadata(raw.metadata));
  if (raw.children !== undefined) issues.push(...checkChildren(raw.children));
  return issues;
}

/** Options that a job has under another name, in another form, or not at all. */
const OTHERWISE = ['attempts', 'delay', 'runAt', 'ttl', 'expiresAt', 'unique'];

/** What a spec takes over as it is. */
const SPEC_KEYS = ['maxAttempts', ...JOB_OPTION_KEYS.filter((key) => !OTHERWISE.includes(key))];

/** Whatever a spec can hold is checked where specs are: `acceptSpecs` trusts no types. */
function specOf(raw: JsonObject): JobSpec {
  const spec: Record<string, unknown> = { type: raw.type ?? 'missing', data: raw.data };
  for (const key of SPEC_KEYS) if (raw[key] !== undefined) spec[key] = raw[key];
  if (typeof raw.runAt === 'string' && isTime(raw.runAt) === undefined) spec.runAt = Date.parse(raw.runAt);
  if (typeof raw.expiresAt === 'string' && isTime(raw.expiresAt) === undefined)
    spec.expiresAt = Date.parse(raw.expiresAt);
  return spec as unknown as JobSpec;
}

function jobOf(raw: JsonObject, spec: JobSpec, now: number): Job {
  const fields = { ...raw };
  for (const key of TIMES) {
    const time = fields[key];
    if (typeof time === 'string') fields[key] = isoOf(Date.parse(time));
  }
  const created = fields.created ?? isoOf(now);
  return {
    ...JOB_DEFAULTS,
    status: 'pending',
    attempt: 0,
    rev: 1,
    created,
    updated: created,
    ...fields,
    data: spec.data,
    metadata: { retries: 0, progress: 0, logs: [], errors: [], ...(raw.metadata as object | undefined) },
  } as unknown as Job;
}
