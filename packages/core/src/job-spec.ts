/**
 * From what a producer says to what a store takes.
 *
 * @module
 */
import type { Issue } from './errors';
import type { JobOptions, JobSpec } from './job';
import { jsonOf } from './json';
import type { AnyProcessor } from './processor';
import { check } from './schema';

/** A calendar date, with or without a time: what `Date.parse` reads besides ISO 8601 differs between engines. */
const ISO_DATE = /^[+-]?\d{4,6}-\d{2}-\d{2}(?:$|[T ])/;

/**
 * Makes the spec of one job: data as JSON and checked by the processor's schema, options merged with the processor's defaults, times
 * as epoch milliseconds. The data stays as the producer gave it: it is parsed again before each attempt.
 *
 * @param at Begins the paths of the issues: `[index]` in a batch.
 * @param issues Gets what is wrong; the spec counts only if nothing was added.
 */
export async function toJobSpec(
  job: { type: string; data: unknown; options?: JobOptions },
  processor: AnyProcessor | undefined,
  now: number,
  at: (string | number)[],
  issues: Issue[],
): Promise<JobSpec> {
  const spec: JobSpec = { type: job.type, data: null };
  const data = jsonOf(job.data, [...at, 'data']);
  if ('issue' in data) {
    issues.push(data.issue);
  } else {
    spec.data = data.json;
    if (processor) issues.push(...((await check(processor.input, data.json, [...at, 'data'])).issues ?? []));
  }
  const { backoff, ...defaults } = processor?.defaults ?? {};
  // A function cannot be stored; the worker asks the processor for it.
  const merged = defined<JobOptions>(defaults, typeof backoff === 'function' ? {} : { backoff }, job.options ?? {});
  const { attempts, delay, runAt, id, priority, maxCrashes, timeout, dependsOn, key, tags } = merged;
  const time = runAtOf(delay, runAt, now, at, issues);
  Object.assign(spec, defined({ id, priority, maxCrashes, timeout, dependsOn, key, tags, backoff: merged.backoff }));
  if (attempts !== undefined) spec.maxAttempts = attempts;
  if (time !== undefined) spec.runAt = time;
  return spec;
}

/** `undefined` says nothing: it hides neither a default nor becomes a field. */
function defined<T extends object>(...parts: Partial<T>[]): Partial<T> {
  const result: Partial<T> = {};
  for (const part of parts) {
    for (const key of Object.keys(part) as (keyof T)[]) if (part[key] !== undefined) result[key] = part[key];
  }
  return result;
}

function runAtOf(
  delay: number | undefined,
  runAt: JobOptions['runAt'],
  now: number,
  at: (string | number)[],
  issues: Issue[],
): number | undefined {
  if (delay !== undefined) {
    if (runAt !== undefined) {
      issues.push({ path: [...at, 'delay'], message: 'cannot stand together with runAt' });
    } else if (!Number.isFinite(delay) || delay < 0) {
      issues.push({ path: [...at, 'delay'], message: 'must be milliseconds, 0 or more' });
    }
    return delay > 0 ? now + delay : undefined;
  }
  if (runAt === undefined) return undefined;
  const time = timeOf(runAt);
  if (Number.isNaN(time)) {
    issues.push({ path: [...at, 'runAt'], message: 'must be a Date, epoch milliseconds, or a text in ISO 8601' });
  }
  return time;
}

function timeOf(runAt: Date | number | string): number {
  if (typeof runAt === 'number') return runAt;
  if (typeof runAt === 'string') return ISO_DATE.test(runAt) ? Date.parse(runAt) : Number.NaN;
  return runAt instanceof Date ? runAt.getTime() : Number.NaN;
}
