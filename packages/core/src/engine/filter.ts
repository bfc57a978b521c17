/** Filters over the index. */
import { ValidationError } from '../errors';
import { FAILURE_REASONS, JOB_STATUSES } from '../job';
import type { JobFilter } from '../store';
import type { BodySource, Entry } from './entry';
import { dataOf } from './job-of';

/** Whether a job matches. */
export type Matcher = (entry: Entry) => boolean;

/**
 * Compiles a filter: cheap conditions first, the search in the data's text (which may be on disk) last.
 * @throws ValidationError for unknown states and the like
 */
export function compileFilter(filter: JobFilter | undefined, bodies: BodySource): Matcher {
  if (!filter) return () => true;
  validate(filter);
  const tests: Matcher[] = [];
  const oneOf = <T>(wanted: T | T[] | undefined, of: (entry: Entry) => T | undefined): void => {
    if (wanted === undefined) return;
    const set = new Set<T | undefined>(Array.isArray(wanted) ? wanted : [wanted]);
    tests.push((entry) => set.has(of(entry)));
  };
  oneOf(filter.status, (entry) => entry.status);
  oneOf(filter.type, (entry) => entry.type);
  oneOf(filter.priority, (entry) => entry.priority);
  oneOf(filter.reason, (entry) => (entry.status === 'failed' ? entry.run?.reason : undefined));
  oneOf(filter.key, (entry) => entry.extra?.key);
  oneOf(filter.parent, (entry) => entry.extra?.parent);
  oneOf(filter.worker, (entry) => entry.run?.worker);
  const { tags, createdAfter, createdBefore, updatedAfter, updatedBefore, text } = filter;
  if (tags?.length) tests.push((entry) => tags.every((tag) => entry.extra?.tags?.includes(tag)));
  if (createdAfter !== undefined) tests.push((entry) => entry.created >= createdAfter);
  if (createdBefore !== undefined) tests.push((entry) => entry.created < createdBefore);
  if (updatedAfter !== undefined) tests.push((entry) => entry.updated >= updatedAfter);
  if (updatedBefore !== undefined) tests.push((entry) => entry.updated < updatedBefore);
  if (text) tests.push(textMatcher(text.toLowerCase(), bodies));
  return (entry) => tests.every((test) => test(entry));
}

function textMatcher(text: string, bodies: BodySource): Matcher {
  const inHead = (entry: Entry): boolean =>
    entry.id.includes(text) ||
    entry.type.toLowerCase().includes(text) ||
    entry.extra?.key?.toLowerCase().includes(text) === true ||
    entry.extra?.tags?.some((tag) => tag.toLowerCase().includes(text)) === true ||
    entry.run?.errors?.at(-1)?.message.toLowerCase().includes(text) === true;
  return (entry) => inHead(entry) || dataOf(entry, bodies).toLowerCase().includes(text);
}

function validate(filter: JobFilter): void {
  const check = (name: string, value: unknown, allowed: readonly unknown[]): void => {
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      if (!allowed.includes(one)) {
        throw new ValidationError('The filter', [
          { path: [name], message: `must be one of ${allowed.join(', ')}, not ${String(one)}` },
        ]);
      }
    }
  };
  check('status', filter.status, JOB_STATUSES);
  check('reason', filter.reason, FAILURE_REASONS);
  for (const name of ['createdAfter', 'createdBefore', 'updatedAfter', 'updatedBefore'] as const) {
    const value = filter[name];
    if (value !== undefined && !Number.isFinite(value)) {
      throw new ValidationError('The filter', [{ path: [name], message: 'must be a time in epoch milliseconds' }]);
    }
  }
}
