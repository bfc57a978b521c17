/** Checks of single values in a job that somebody wrote. Each answers with what the value must be, or with nothing when it is. */
import type { Issue } from '../errors';
import { CHILD_POLICIES, type Json, LOG_LEVELS } from '../job';
import { isObject } from '../json';

/** A calendar date with a time: what `Date.parse` reads besides ISO 8601 differs between engines. */
const ISO = /^[+-]?\d{4,6}-\d{2}-\d{2}(?:$|[T ])/;

/** A text in ISO 8601. */
export function isTime(value: Json): string | undefined {
  return typeof value === 'string' && ISO.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : 'must be a time in ISO 8601, for example 2025-01-30T12:00:00.000Z';
}

/** 0, 1, 2 … */
export function wholeNumber(value: Json): string | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be a whole number, 0 or more';
}

type Check = (value: Json) => string | undefined;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'must be a text');
const anything: Check = () => undefined;

const METADATA: Record<string, Check> = {
  retries: wholeNumber,
  progress: (value) =>
    typeof value === 'number' && value >= 0 && value <= 100 ? undefined : 'must be a number from 0 to 100',
  detail: anything,
  logs: list,
  errors: list,
  crashes: wholeNumber,
  checkpoint: anything,
  steps: list,
  stuck: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
};

const STEP: Record<string, Check> = { name: text, at: isTime, result: anything };

const LOG: Record<string, Check> = {
  at: isTime,
  level: (value) =>
    (LOG_LEVELS as readonly unknown[]).includes(value) ? undefined : `must be one of ${LOG_LEVELS.join(', ')}`,
  message: text,
  fields: anything,
};

const ERROR: Record<string, Check> = {
  at: isTime,
  attempt: wholeNumber,
  name: text,
  message: text,
  code: text,
  stack: text,
};

/** Faults of a job's `metadata`. */
export function checkMetadata(value: Json): Issue[] {
  const issues = checkFields(value, METADATA, [], ['metadata']);
  if (!isObject(value)) return issues;
  for (const [name, checks, needed] of [
    ['logs', LOG, ['at', 'level', 'message']],
    ['errors', ERROR, ['at', 'attempt', 'name', 'message']],
    ['steps', STEP, ['name', 'at']],
  ] as const) {
    const entries = value[name];
    if (!Array.isArray(entries)) continue;
    for (const [i, entry] of entries.entries())
      issues.push(...checkFields(entry, checks, needed, ['metadata', name, i]));
  }
  return issues;
}

const CHILDREN: Record<string, Check> = {
  name: text,
  ids: (value) =>
    Array.isArray(value) && value.every((id) => typeof id === 'string') ? undefined : 'must be a list of texts',
  onChildFailed: (value) =>
    (CHILD_POLICIES as readonly unknown[]).includes(value) ? undefined : `must be one of ${CHILD_POLICIES.join(', ')}`,
};

/** Faults of a job's `children`. */
export function checkChildren(value: Json): Issue[] {
  if (!Array.isArray(value)) return [{ path: ['children'], message: 'must be a list' }];
  return value.flatMap((group, i) => checkFields(group, CHILDREN, ['name', 'ids'], ['children', i]));
}

function list(value: Json): string | undefined {
  return Array.isArray(value) ? undefined : 'must be a list';
}

function checkFields(
  value: Json,
  checks: Record<string, Check>,
  needed: readonly string[],
  at: (string | number)[],
): Issue[] {
  if (!isObject(value)) return [{ path: at, message: 'must be an object' }];
  const issues: Issue[] = needed
    .filter((name) => value[name] === undefined)
    .map((name) => ({ path: [...at, name], message: 'is missing' }));
  for (const [name, field] of Object.entries(value)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    const message = check ? check(field) : 'is no field of it';
    if (message !== undefined) issues.push({ path: [...at, name], message });
  }
  return issues;
}
