/**
 * The filter options that list, export and the changes share.
 *
 * @module
 */
import { FAILURE_REASONS, type FailureReason, JOB_STATUSES, type JobFilter, type JobStatus } from '@leviathan/core';
import { UsageError } from '../errors';
import { closest } from './closest';
import { parseInteger } from './number';
import { parseWhen } from './when';

/** Filter options as commander hands them over. */
export interface FilterOptions {
  status?: string[];
  type?: string[];
  tag?: string[];
  text?: string;
  since?: string;
  until?: string;
  reason?: string[];
  priority?: string[];
  key?: string;
  parent?: string;
}

/**
 * The filter of these options, or undefined when none was given.
 * @throws UsageError
 */
export function parseFilter(options: FilterOptions, now: number): JobFilter | undefined {
  const filter: JobFilter = {};
  if (options.status) filter.status = options.status.map((value) => oneOf<JobStatus>(value, JOB_STATUSES, '--status'));
  if (options.type) filter.type = options.type;
  if (options.tag) filter.tags = options.tag;
  if (options.text !== undefined) filter.text = options.text;
  if (options.key !== undefined) filter.key = options.key;
  if (options.parent !== undefined) filter.parent = options.parent;
  if (options.since !== undefined) filter.updatedAfter = parseWhen(options.since, now, 'past');
  if (options.until !== undefined) filter.updatedBefore = parseWhen(options.until, now, 'past');
  if (options.reason)
    filter.reason = options.reason.map((value) => oneOf<FailureReason>(value, FAILURE_REASONS, '--reason'));
  if (options.priority) filter.priority = options.priority.map((value) => parseInteger(value, '--priority', 1, 10));
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/**
 * The value if it is one of the allowed ones.
 * @throws UsageError with the nearest allowed value
 */
export function oneOf<T extends string>(value: string, allowed: readonly T[], what: string): T {
  const found = allowed.find((candidate) => candidate === value.toLowerCase());
  if (found !== undefined) return found;
  const near = closest(value, allowed);
  throw new UsageError(
    `${what} must be one of ${allowed.join(', ')}, not ${JSON.stringify(value)}.`,
    near === undefined ? undefined : `Did you mean ${near}?`,
  );
}
