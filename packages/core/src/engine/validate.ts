/**
 * Checks of what comes from outside: a store trusts neither its callers nor the files in its inbox.
 *
 * @module
 */
import { CheckedSpec } from '../checked-spec';
import { type Issue, JobTooLargeError, ValidationError } from '../errors';
import { type BackoffSpec, type JobSpec, PARENT_POLICIES } from '../job';
import type { JobPatch } from '../store';
import type { AddDraft, JobHead } from './records';
import { MAX_TIME } from './time';

/** Defaults of jobs whose producer says nothing. */
export const JOB_DEFAULTS = { priority: 5, maxAttempts: 3, maxCrashes: 3 } as const;

/** Largest JSON text of a job's data, result or checkpoint, in UTF-8 bytes, unless the store is told otherwise. */
export const DEFAULT_MAX_JOB_BYTES = 16 * 1024 * 1024;

const ID = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const TYPE = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
// Device names of Windows are taken with any extension: "Naming Files, Paths, and Namespaces", Win32 documentation.
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;
const MAX_TAGS = 32;
const MAX_TAG_LENGTH = 128;
const MAX_KEY_LENGTH = 512;
/** Characters of the name of a step. */
export const MAX_NAME_LENGTH = 128;
/** Jobs that one may wait for. */
export const MAX_PARENTS = 10_000;
const MAX_TRIES = 1_000;
const MAX_NEEDS = 16;

/**
 * Whether a job's id is safe as a file name on every system: lower-case (file systems fold case), no separators, no trailing dot,
 * no device name.
 */
export function isSafeId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id) && !id.endsWith('.') && !WINDOWS_DEVICE.test(id);
}

/** Whether a text may name a step, or jobs that a job adds. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH;
}

/** A valid new job: its record, with an empty id as long as it has none. */
export interface AcceptedSpec {
  draft: AddDraft;
  /** Its id is the producer's, so that others may name it, too. */
  isNamed: boolean;
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
    maxAttempts: spec.maxAttempts === undefined ? JOB_DEFAULTS.maxAttempts : spec.maxAttempts,
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
  const { onParentFailed } = spec;
  if (onParentFailed !== undefined && !PARENT_POLICIES.includes(onParentFailed)) {
    check.fail('onParentFailed', `must be one of ${PARENT_POLICIES.join(', ')}`);
  } else if (onParentFailed !== undefined && onParentFailed !== 'wait' && head.dependsOn) {
    head.onParentFailed = onParentFailed;
  }
  const text = CheckedSpec.textOf(spec);
  const body = text === undefined ? jsonText('data', spec.data, maxBytes, at, issues) : fitting('data', text, maxBytes);
  return { draft: { seq: 0, at: 0, op: 'add', job: head, body }, isNamed: spec.id !== undefined };
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
  if (patch.timeout !== undefined && patch.timeout !== null)
    check.integer('timeout', patch.timeout, 1, Number.MAX_SAFE_INTEGER);
  if (patch.backoff !== undefined && patch.backoff !== null) check.backoff(patch.backoff);
  if (patch.tags !== undefined) check.texts('tags', patch.tags, MAX_TAGS, MAX_TAG_LENGTH);
  const { data, ...rest } = patch;
  const body = data === undefined ? '' : jsonText('data', data, maxBytes, [], issues);
  if (issues.length > 0) throw new ValidationError('The edit', issues);
  if (typeof rest.runAt === 'number') rest.runAt = Math.round(rest.runAt);
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

/** @throws JobTooLargeError */
function fitting(name: string, text: string, maxBytes: number): string {
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

/** Collects issues below one path. */
class Checker {
  constructor(
    private readonly at: (string | number)[],
    private readonly issues: Issue[],
  ) {}

  fail(field: string | (string | number)[], message: string): false {
    this.issues.push({ path: [...this.at, ...(Array.isArray(field) ? field : [field])], message });
    return false;
  }

  integer(field: string, value: unknown, min: number, max: number): boolean {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return true;
    return this.fail(field, `must be an integer from ${min} to ${max}, not ${show(value)}`);
  }

  time(field: string, value: unknown): boolean {
    if (typeof value === 'number' && Math.abs(value) <= MAX_TIME) return true;
    return this.fail(field, `must be a time in epoch milliseconds, not ${show(value)}`);
  }

  text(field: string | (string | number)[], value: unknown, max: number): boolean {
    if (typeof value === 'string' && value.length > 0 && value.length <= max) return true;
    return this.fail(field, `must be a text of 1 to ${max} characters`);
  }

  texts(field: string, value: unknown, maxCount: number, maxLength: number): value is string[] {
    if (!Array.isArray(value) || value.length > maxCount)
      return this.fail(field, `must be a list of at most ${maxCount} texts`);
    return value.map((text, i) => this.text([field, i], text, maxLength)).every(Boolean);
  }

  needs(value: unknown): value is Record<string, number> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.fail('needs', 'must be an object of pools, each with how much of it');
    const pools = Object.keys(value);
    if (pools.length === 0 || pools.length > MAX_NEEDS) return this.fail('needs', `must name 1 to ${MAX_NEEDS} pools`);
    return pools
      .map((pool) => {
        const amount = (value as Record<string, unknown>)[pool];
        if (!isSafeId(pool)) return this.fail(['needs', pool], 'is no name of a pool');
        if (typeof amount === 'number' && amount > 0 && Number.isFinite(amount)) return true;
        return this.fail(['needs', pool], `must be a number above 0, not ${show(amount)}`);
      })
      .every(Boolean);
  }

  backoff(value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return this.fail('backoff', 'must be an object { type, delay }');
    const { type, delay, factor, max, jitter } = value as Partial<BackoffSpec>;
    return [
      type === 'fixed' || type === 'exponential' || this.fail(['backoff', 'type'], `must be 'fixed' or 'exponential'`),
      this.duration(['backoff', 'delay'], delay),
      max === undefined || this.duration(['backoff', 'max'], max),
      factor === undefined ||
        between(factor, 1, 100) ||
        this.fail(['backoff', 'factor'], 'must be a number from 1 to 100'),
      jitter === undefined || between(jitter, 0, 1) || this.fail(['backoff', 'jitter'], 'must be a number from 0 to 1'),
    ].every(Boolean);
  }

  private duration(field: string[], value: unknown): boolean {
    return (
      between(value, 0, Number.MAX_SAFE_INTEGER) ||
      this.fail(field, `must be milliseconds, 0 or more, not ${show(value)}`)
    );
  }
}

function between(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value).slice(0, 40);
}
