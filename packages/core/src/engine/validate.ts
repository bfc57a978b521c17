/**
 * Checks of what comes from outside: a store trusts neither its callers nor the files in its inbox.
 *
 * @module
 */
import { CheckedSpec } from '../checked-spec';
import { type Issue, JobTooLargeError, ValidationError } from '../errors';
import { type BackoffSpec, CRASH_POLICIES, type JobSpec, PARENT_POLICIES } from '../job';
import type { JobPatch } from '../store';
import { Checker, type UniqueRule } from './checker';
import type { AddDraft, JobHead } from './records';
import { isSafeId } from './safe-id';
import { MAX_TIME } from './time';
import { acceptTrace } from './trace-context';

/** Defaults of jobs whose producer says nothing. */
export const JOB_DEFAULTS = { priority: 5, maxAttempts: 3, maxCrashes: 3 } as const;

/** Largest JSON text of a job's data, result or checkpoint, in UTF-8 bytes, unless the store is told otherwise. */
export const DEFAULT_MAX_JOB_BYTES = 16 * 1024 * 1024;

const TYPE = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
const MAX_TAGS = 32;
const MAX_TAG_LENGTH = 128;
const MAX_KEY_LENGTH = 512;
/** Characters of the name of a step. */
export const MAX_NAME_LENGTH = 128;
/** Jobs that one may wait for. */
export const MAX_PARENTS = 10_000;
const MAX_TRIES = 1_000;

/** Whether a text may name a step, or jobs that a job adds. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH;
}

/** A valid new job: its record, with an empty id as long as it has none. */
export interface AcceptedSpec {
  draft: AddDraft;
  /** Its id is the producer's, so that others may name it, too. */
  isNamed: boolean;
  /** What happens when its key is held, if it says so. */
  unique?: UniqueRule;
}

/** Checks a whole batch; faults of all specs are collected, then thrown together. */
export function acceptSpecs(
  specs: readonly JobSpec[],
  maxBytes: number,
  ids: readonly (string | undefined)[] = [],
): AcceptedSpec[] {
  const issues: Issue[] = [];
  const several = specs.length > 1;
  const accepted = specs.map(
    (spec, i) => acceptPlain(spec, ids[i], maxBytes) ?? acceptSpec(spec, ids[i], several ? [i] : [], maxBytes, issues),
  );
  if (issues.length > 0) throw new ValidationError(specs.length > 1 ? 'A job of the batch' : 'The job', issues);
  return accepted;
}

/** The short way for what a queue has made of type and data alone; undefined: the long way finds out what is wrong. */
function acceptPlain(spec: JobSpec, chosen: string | undefined, maxBytes: number): AcceptedSpec | undefined {
  if (typeof spec !== 'object' || spec === null || !CheckedSpec.isPlain(spec)) return undefined;
  if (!isType(spec.type) || (chosen !== undefined && !isSafeId(chosen))) return undefined;
  const { priority, maxAttempts, maxCrashes } = JOB_DEFAULTS;
  const job = { id: chosen ?? '', type: spec.type, priority, maxAttempts, maxCrashes };
  const body = fitting('data', CheckedSpec.textOf(spec) as string, maxBytes);
  return { draft: { seq: 0, at: 0, op: 'add', job, body }, isNamed: false };
}

function acceptSpec(
  spec: JobSpec,
  chosen: string | undefined,
  at: (string | number)[],
  maxBytes: number,
  issues: Issue[],
): AcceptedSpec {
  if (typeof spec !== 'object' || spec === null) {
    issues.push({ path: at, message: 'must be an object' });
    return { draft: { op: 'add', job: { id: '', type: '', ...JOB_DEFAULTS }, body: 'null' }, isNamed: false };
  }
  const check = new Checker(at, issues);
  const head: JobHead = {
    id: '',
    type: spec.type,
    // Only what is left out has a default: `null` is what JSON makes of NaN, and must not pass for it.
    priority: spec.priority === undefined ? JOB_DEFAULTS.priority : spec.priority,
    maxAttempts: spec.maxAttempts === undefined ? defaultAttempts(spec) : spec.maxAttempts,
    maxCrashes: spec.maxCrashes === undefined ? JOB_DEFAULTS.maxCrashes : spec.maxCrashes,
  };
  if (!isType(spec.type)) {
    check.fail('type', 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : / -, the first a letter or digit');
  }
  const id = spec.id === undefined ? chosen : spec.id;
  if (id !== undefined) {
    if (isSafeId(id)) head.id = id;
    else
      check.fail(
        'id',
        'must be 1 to 128 of the characters a-z 0-9 . _ -, the first a letter or digit, and usable as a file name',
      );
  }
  check.integer('priority', head.priority, 1, 10);
  check.integer('maxAttempts', head.maxAttempts, 1, MAX_TRIES);
  check.integer('maxCrashes', head.maxCrashes, 1, MAX_TRIES);
  if (spec.runAt !== undefined && check.time('runAt', spec.runAt)) head.runAt = Math.round(spec.runAt);
  if (spec.expiresAt !== undefined && check.time('expiresAt', spec.expiresAt)) {
    head.expiresAt = Math.round(spec.expiresAt);
    if (head.runAt !== undefined && head.runAt >= head.expiresAt) check.fail('expiresAt', 'must be after runAt');
  }
  if (spec.deadLetter !== undefined) {
    if (isType(spec.deadLetter)) head.deadLetter = spec.deadLetter;
    else check.fail('deadLetter', 'must be a type of jobs');
  }
  if (spec.retryFor !== undefined && check.integer('retryFor', spec.retryFor, 1, MAX_TIME))
    head.retryFor = spec.retryFor;
  if (spec.ageing !== undefined && check.integer('ageing', spec.ageing, 1, MAX_TIME)) head.ageing = spec.ageing;
  if (spec.timeout !== undefined && check.integer('timeout', spec.timeout, 1, Number.MAX_SAFE_INTEGER))
    head.timeout = spec.timeout;
  if (spec.backoff !== undefined && check.backoff(spec.backoff)) head.backoff = copyBackoff(spec.backoff);
  if (spec.key !== undefined && check.text('key', spec.key, MAX_KEY_LENGTH)) head.key = spec.key;
  if (spec.group !== undefined && check.text('group', spec.group, MAX_KEY_LENGTH)) head.group = spec.group;
  if (spec.needs !== undefined && check.needs(spec.needs)) head.needs = { ...spec.needs };
  if (spec.tags !== undefined && check.texts('tags', spec.tags, MAX_TAGS, MAX_TAG_LENGTH) && spec.tags.length > 0) {
    head.tags = [...new Set(spec.tags)];
  }
  if (
    spec.dependsOn !== undefined &&
    check.texts('dependsOn', spec.dependsOn, MAX_PARENTS, 128) &&
    spec.dependsOn.length > 0
  ) {
    head.dependsOn = [...new Set(spec.dependsOn)];
  }
  const { onParentFailed, onCrash } = spec;
  if (onCrash !== undefined && !CRASH_POLICIES.includes(onCrash)) {
    check.fail('onCrash', `must be one of ${CRASH_POLICIES.join(', ')}`);
  } else if (onCrash !== undefined && onCrash !== 'resume') {
    head.onCrash = onCrash;
  }
  if (onParentFailed !== undefined && !PARENT_POLICIES.includes(onParentFailed)) {
    check.fail('onParentFailed', `must be one of ${PARENT_POLICIES.join(', ')}`);
  } else if (onParentFailed !== undefined && onParentFailed !== 'wait' && head.dependsOn) {
    head.onParentFailed = onParentFailed;
  }
  const trace = spec.trace === undefined ? undefined : acceptTrace(spec.trace, at, issues);
  if (trace) head.trace = trace;
  const text = CheckedSpec.textOf(spec);
  const body = text === undefined ? jsonText('data', spec.data, maxBytes, at, issues) : fitting('data', text, maxBytes);
  const accepted: AcceptedSpec = {
    draft: { seq: 0, at: 0, op: 'add', job: head, body },
    isNamed: spec.id !== undefined,
  };
  const unique = spec.unique === undefined ? undefined : check.unique(spec.unique, spec);
  if (unique) accepted.unique = unique;
  return accepted;
}

/** With a time to try for, it is the time that ends the tries. */
function defaultAttempts({ retryFor }: JobSpec): number {
  return retryFor === undefined ? JOB_DEFAULTS.maxAttempts : MAX_TRIES;
}

/** The types of a program are few, and each is seen again and again. */
let lastType = '';

function isType(type: unknown): boolean {
  if (type === lastType) return true;
  if (typeof type !== 'string' || !TYPE.test(type)) return false;
  lastType = type;
  return true;
}

const EDITABLE: ReadonlySet<string> = new Set<keyof JobPatch>([
  'data',
  'priority',
  'runAt',
  'expiresAt',
  'tags',
  'maxAttempts',
  'timeout',
  'backoff',
]);

/** Checks a patch; returns what of it goes into the record's head, and the new data's JSON text. */
export function acceptPatch(patch: JobPatch, maxBytes: number): { patch: Omit<JobPatch, 'data'>; body: string } {
  const issues: Issue[] = [];
  const check = new Checker([], issues);
  for (const key of Object.keys(patch)) {
    if (!EDITABLE.has(key)) check.fail(key, `cannot be edited; ${[...EDITABLE].join(', ')} can`);
  }
  if (patch.priority !== undefined) check.integer('priority', patch.priority, 1, 10);
  if (patch.maxAttempts !== undefined) check.integer('maxAttempts', patch.maxAttempts, 1, MAX_TRIES);
  if (patch.runAt !== undefined && patch.runAt !== null) check.time('runAt', patch.runAt);
  if (patch.expiresAt !== undefined && patch.expiresAt !== null) check.time('expiresAt', patch.expiresAt);
  if (patch.timeout !== undefined && patch.timeout !== null)
    check.integer('timeout', patch.timeout, 1, Number.MAX_SAFE_INTEGER);
  if (patch.backoff !== undefined && patch.backoff !== null) check.backoff(patch.backoff);
  if (patch.tags !== undefined) check.texts('tags', patch.tags, MAX_TAGS, MAX_TAG_LENGTH);
  const { data, ...rest } = patch;
  const body = data === undefined ? '' : jsonText('data', data, maxBytes, [], issues);
  if (issues.length > 0) throw new ValidationError('The edit', issues);
  if (typeof rest.runAt === 'number') rest.runAt = Math.round(rest.runAt);
  if (typeof rest.expiresAt === 'number') rest.expiresAt = Math.round(rest.expiresAt);
  if (rest.backoff) rest.backoff = copyBackoff(rest.backoff);
  if (rest.tags) rest.tags = [...new Set(rest.tags)];
  return { patch: rest, body };
}

/** Throws unless `priority` is an integer from 1 to 10. */
export function assertPriority(priority: unknown): void {
  const issues: Issue[] = [];
  new Checker([], issues).integer('priority', priority, 1, 10);
  if (issues.length > 0) throw new ValidationError('The change', issues);
}

/** Throws unless the numbers of a redrive are such. */
export function assertRedrive({ limit, every }: { limit?: number; every?: number }): void {
  const issues: Issue[] = [];
  const check = new Checker([], issues);
  if (limit !== undefined) check.integer('limit', limit, 1, Number.MAX_SAFE_INTEGER);
  if (every !== undefined) check.integer('every', every, 0, MAX_TIME);
  if (issues.length > 0) throw new ValidationError('The change', issues);
}

/** JSON text of a value, or an issue; a value over the limit throws at once. */
export function jsonText(
  name: string,
  value: unknown,
  maxBytes: number,
  at: (string | number)[],
  issues: Issue[],
): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value ?? null);
  } catch (error) {
    issues.push({ path: [...at, name], message: `must be JSON: ${(error as Error).message.split('\n')[0]}` });
    return 'null';
  }
  if (text === undefined) {
    issues.push({ path: [...at, name], message: `must be JSON, not a ${typeof value}` });
    return 'null';
  }
  return fitting(name, text, maxBytes);
}

/** The text, if it is not too large. @throws JobTooLargeError */
export function fitting(name: string, text: string, maxBytes: number): string {
  // A UTF-16 unit is at most three bytes of UTF-8, so short texts need no count.
  if (text.length * 3 > maxBytes) {
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > maxBytes) throw new JobTooLargeError(`The job's ${name}`, bytes, maxBytes);
  }
  return text;
}

function copyBackoff(backoff: BackoffSpec): BackoffSpec {
  const copy: BackoffSpec = { type: backoff.type, delay: backoff.delay };
  if (backoff.factor !== undefined) copy.factor = backoff.factor;
  if (backoff.max !== undefined) copy.max = backoff.max;
  if (backoff.jitter !== undefined) copy.jitter = backoff.jitter;
  return copy;
}
