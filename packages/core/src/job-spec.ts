/**
 * From what a producer says to what a store takes.
 *
 * @module
 */
import { CheckedSpec } from './checked-spec';
import { type Issue, ValidationError } from './errors';
import type { ChildJob, JobOptions, JobSpec, Json } from './job';
import { isJson, jsonTextOf } from './json';
import type { AnyProcessor } from './processor';
import { type Checked, check, isThenable } from './schema';

/** A calendar date, with or without a time: what `Date.parse` reads besides ISO 8601 differs between engines. */
const ISO_DATE = /^[+-]?\d{4,6}-\d{2}-\d{2}(?:$|[T ])/;

/**
 * Makes the spec of one job: data as JSON and checked by the processor's schema, options merged with the processor's defaults, times
 * as epoch milliseconds. The data stays as the producer gave it: it is parsed again before each attempt. What the producer changes in it
 * after this call began changes nothing.
 *
 * @param index Its place in a batch, with which the paths of the issues begin.
 * @param issues Gets what is wrong; the spec counts only if nothing was added.
 * @returns a promise only where the schema answers by one
 */
export function toJobSpec(
  job: { type: string; data: unknown; options?: JobOptions | undefined },
  processor: AnyProcessor | undefined,
  now: number,
  index: number | undefined,
  issues: Issue[],
): CheckedSpec | Promise<CheckedSpec> {
  const text = jsonTextOf(job.data, DATA);
  if (typeof text !== 'string') {
    issues.push(placed(index, text));
    return new CheckedSpec(job.type, null, 'null');
  }
  const data = isJson(job.data) ? job.data : (JSON.parse(text) as Json);
  const spec = new CheckedSpec(job.type, data, text);
  if (job.options || processor?.defaults) setOptions(spec, job.options, processor, now, at(index), issues);
  if (!processor) return spec;
  const collect = (checked: Checked): CheckedSpec => {
    if (checked.issues) issues.push(...checked.issues.map((issue) => placed(index, issue)));
    return spec;
  };
  const checked = check(processor.input, data, DATA);
  return isThenable(checked) ? Promise.resolve(checked).then(collect) : collect(checked);
}

/**
 * {@link toJobSpec} of each job of a batch; the paths of the issues begin with `[index]`, if there are several.
 * @throws ValidationError, and what `processorOf` throws
 */
export async function toJobSpecs(
  jobs: readonly ChildJob[],
  processorOf: (type: string) => AnyProcessor | undefined,
  now: number,
): Promise<CheckedSpec[]> {
  const issues: Issue[] = [];
  const several = jobs.length > 1;
  let mustWait = false;
  const specs = jobs.map((job, i) => {
    const spec = toJobSpec(job, processorOf(job.type), now, several ? i : undefined, issues);
    if (!(spec instanceof CheckedSpec)) mustWait = true;
    return spec;
  });
  const checked = mustWait ? await Promise.all(specs) : (specs as CheckedSpec[]);
  if (issues.length > 0) throw new ValidationError(several ? 'A job of the batch' : 'The job', issues);
  return checked;
}

const DATA = ['data'] as const;

function at(index: number | undefined): number[] {
  return index === undefined ? [] : [index];
}

function placed(index: number | undefined, { path, message }: Issue): Issue {
  return { path: [...at(index), ...path], message };
}

/** Options that the store takes as they are, by the same names. */
const AS_GIVEN: ReadonlySet<string> = new Set([
  ...(['id', 'priority', 'maxCrashes', 'timeout', 'retryFor', 'ageing', 'deadLetter', 'onCrash', 'backoff'] as const),
  ...(['dependsOn', 'onParentFailed', 'key', 'group', 'needs', 'tags', 'trace'] as const),
] satisfies (keyof JobOptions & keyof JobSpec)[]);

function setOptions(
  spec: CheckedSpec,
  options: JobOptions | undefined,
  processor: AnyProcessor | undefined,
  now: number,
  at: readonly number[],
  issues: Issue[],
): void {
  const { backoff, ...defaults } = processor?.defaults ?? {};
  // A function cannot be stored; the worker asks the processor for it.
  const merged = defined<JobOptions>(defaults, typeof backoff === 'function' ? {} : { backoff }, options ?? {});
  const { attempts, delay, runAt, expiresAt, key } = merged;
  // The producer's own time counts more than what its processor says.
  const ttl = expiresAt === undefined ? merged.ttl : options?.ttl;
  const translated = {
    maxAttempts: attempts,
    runAt: givenTime(['delay', delay], ['runAt', runAt], now, at, issues),
    expiresAt: givenTime(['ttl', ttl], ['expiresAt', expiresAt], now, at, issues),
    // A processor may say how its jobs are unique; which are is the producer's to say.
    unique: key === undefined ? options?.unique : merged.unique,
  };
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(merged)) if (AS_GIVEN.has(name)) given[name] = merged[name as keyof JobOptions];
  spec.set(defined<JobSpec>(given, translated));
}

/** `undefined` says nothing: it hides neither a default nor becomes a field. */
function defined<T extends object>(...parts: Partial<T>[]): Partial<T> {
  const result: Partial<T> = {};
  for (const part of parts) {
    for (const key of Object.keys(part) as (keyof T)[]) if (part[key] !== undefined) result[key] = part[key];
  }
  return result;
}

/** A time that is given as such, or by its distance from now; `undefined`: neither, or now. */
function givenTime(
  [near, ms]: [name: 'delay' | 'ttl', ms: number | undefined],
  [far, given]: [name: 'runAt' | 'expiresAt', time: JobOptions['runAt']],
  now: number,
  at: readonly number[],
  issues: Issue[],
): number | undefined {
  if (ms !== undefined) {
    if (given !== undefined) {
      issues.push({ path: [...at, near], message: `cannot stand together with ${far}` });
    } else if (!Number.isFinite(ms) || ms < 0) {
      issues.push({ path: [...at, near], message: 'must be milliseconds, 0 or more' });
    }
    return ms > 0 || near === 'ttl' ? now + ms : undefined;
  }
  if (given === undefined) return undefined;
  const epoch = timeOf(given);
  if (Number.isNaN(epoch)) {
    issues.push({ path: [...at, far], message: 'must be a Date, epoch milliseconds, or a text in ISO 8601' });
  }
  return epoch;
}

/** Epoch milliseconds of a time as producers write it; `NaN`: it is none. */
export function timeOf(runAt: Date | number | string): number {
  if (typeof runAt === 'number') return runAt;
  if (typeof runAt === 'string') return ISO_DATE.test(runAt) ? Date.parse(runAt) : Number.NaN;
  return runAt instanceof Date ? runAt.getTime() : Number.NaN;
}
